import type { HttpPass, TunnelOutlet } from '../http/index.ts';
import type { TlsPass } from '../tls/index.ts';

/**
 * What runs in a tunnel takes the way of a connection's bytes once more: TLS in it may be decrypted.
 * @param http, tls  the stages, each asked for when it is needed: they are made with this
 */
export function tunnelOutlet(http: () => HttpPass, tls: () => TlsPass): TunnelOutlet {
  return {
    opened: (inner, fromStart) => {
      http().opened(inner, fromStart);
      tls().opened(inner);
    },
    bytes: (inner, side, view, at, end) => tls().bytes(inner, side, view, at, end),
    gap: (inner, side, lostBytes) => tls().gap(inner, side, lostBytes),
    finished: (inner, side) => http().finished(inner, side),
    closed: (inner) => {
      tls().closed(inner);
      http().closed(inner);
    },
  };
}
