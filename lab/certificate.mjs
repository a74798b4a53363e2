// A certificate that is good for one run, by OpenSSL; nobody checks it.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** @returns paths { cert, key, both } in `folder` */
export async function makeCertificate(folder) {
  const [key, cert, both] = ['key.pem', 'cert.pem', 'both.pem'].map((file) => join(folder, file));
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await run('openssl', [...kind, '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=kubernetes']);
  await writeFile(both, (await readFile(cert, 'utf8')) + (await readFile(key, 'utf8')));
  return { cert, key, both };
}
