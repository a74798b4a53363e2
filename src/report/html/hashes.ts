/**
 * SHA-256 of the style and the script, as the page's Content-Security-Policy names them (CSP Level 3 §2.3.1). A test computes them anew
 * and says what has to stand here: this folder has no cryptography.
 */
export const STYLE_HASH = 'sha256-4XUc2Mj2m6ekf+ezePb0YKLkxnvCcelCMbWuaNe1HtQ=';
export const SCRIPT_HASH = 'sha256-k2O0pHDZrDZPafN1GV9K610lJEKECZKZOLjsjRiYbrQ=';
