import type { Endpoint } from './model.ts';

/** An endpoint in prose: `10.9.1.2:49739`, `[2001:db8::1]:443`. */
export function endpointText({ ip, port }: Endpoint): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
