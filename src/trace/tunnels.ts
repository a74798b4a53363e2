import { type Segment, TUNNEL, type Tunnel } from '../decode/index.ts';
import { addressText } from './addresses.ts';
import { type LimitCounter, TUNNELS_MAX } from './limits.ts';
import type { TunnelKind, TunnelPath } from './model.ts';

const KINDS: Readonly<Record<Tunnel, TunnelKind>> = {
  [TUNNEL.none]: 'other',
  [TUNNEL.ipInIp]: 'ip-in-ip',
  [TUNNEL.gre]: 'gre',
  [TUNNEL.vxlan]: 'vxlan',
  [TUNNEL.geneve]: 'geneve',
  [TUNNEL.gtpUser]: 'gtp-u',
  [TUNNEL.other]: 'other',
};

/** The outer path of packets that came in tunnels: by connection a few, and none for most. */
export class TunnelBook {
  readonly #limits: LimitCounter;
  readonly #paths = new Map<number, Path[]>();

  constructor(limits: LimitCounter) {
    this.#limits = limits;
  }

  /** Takes a segment that came in a tunnel. */
  segment(connection: number, segment: Segment): void {
    const paths = this.#paths.get(connection);
    if (paths === undefined) {
      this.#paths.set(connection, [new Path(segment)]);
      return;
    }
    for (const path of paths) {
      if (!path.isOf(segment)) continue;
      path.packets++;
      return;
    }
    if (paths.length < TUNNELS_MAX) paths.push(new Path(segment));
    else this.#limits.hit('tunnels-per-connection', TUNNELS_MAX);
  }

  release(connection: number): void {
    this.#paths.delete(connection);
  }

  /** In the order in which they were first seen. */
  of(connection: number): TunnelPath[] {
    return (this.#paths.get(connection) ?? []).map((path) => path.freeze());
  }
}

class Path {
  packets = 1;
  readonly #tunnel: Tunnel;
  readonly #id: number;
  readonly #ipVersion: number;
  readonly #from: readonly number[];
  readonly #to: readonly number[];

  constructor(s: Segment) {
    this.#tunnel = s.tunnel;
    this.#id = s.tunnelId;
    this.#ipVersion = s.outerIpVersion;
    this.#from = [s.outerSrc0, s.outerSrc1, s.outerSrc2, s.outerSrc3];
    this.#to = [s.outerDst0, s.outerDst1, s.outerDst2, s.outerDst3];
  }

  isOf(s: Segment): boolean {
    const from = this.#from;
    const to = this.#to;
    return (
      this.#id === s.tunnelId &&
      this.#tunnel === s.tunnel &&
      from[3] === s.outerSrc3 &&
      to[3] === s.outerDst3 &&
      from[2] === s.outerSrc2 &&
      to[2] === s.outerDst2 &&
      from[1] === s.outerSrc1 &&
      to[1] === s.outerDst1 &&
      from[0] === s.outerSrc0 &&
      to[0] === s.outerDst0
    );
  }

  freeze(): TunnelPath {
    return {
      kind: KINDS[this.#tunnel],
      network: this.#id >>> 0,
      from: addressText(this.#ipVersion, this.#from),
      to: addressText(this.#ipVersion, this.#to),
      packets: this.packets,
    };
  }
}
