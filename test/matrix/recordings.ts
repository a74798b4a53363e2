import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type BuiltBlock, interfaceBlock, packetBlock, secretsBlock, section } from '../build/pcapng.ts';
import { latin1 } from '../build/hpack.ts';

type State = 'half-dead' | 'suspect' | 'healthy';

/** What the lab wrote beside a recording, from the peers' own words and the moment of the fault (lab/README.md). */
export interface Truth {
  readonly name: string;
  readonly scenario: {
    readonly gateway: string;
    readonly downstream: 'tls' | 'http1';
    readonly upstream: 'h2c' | 'tls' | 'http1';
    readonly fault: string;
    readonly burst?: number;
    readonly ping?: boolean;
    readonly idle?: number;
    readonly midway?: boolean;
    readonly keepalive: object | null;
  };
  /** `done`: the fault had been set; of a burst, that it was lifted. */
  readonly fault: { readonly at: string; readonly done: string };
  readonly expect: {
    /** Nobody wrote secrets for the upstream side: what was on it cannot be read. */
    readonly closed?: boolean;
    readonly state: State;
    /** What a capture can show of it where no secrets are given; `why`: null where it is the state itself. */
    readonly withoutKeys: { readonly state: State; readonly why: string | null };
    readonly hurt: readonly Hurt[];
    readonly unseen: readonly { readonly client: string; readonly path: string; readonly why: string }[];
  };
}

/** A watch that ran on apiserver1 when its packets stopped, and whose connection's death the capture can prove; or a request that waited. */
export interface Hurt {
  readonly client: string;
  readonly server: string;
  /** null: no peer knows it. */
  readonly gatewayPort: number | null;
  /** null: nothing of that path need be among the window's streams. */
  readonly path: string | null;
  /** null: the peers cannot tell. */
  readonly cause: readonly string[] | null;
  /** Seconds since 1970: the last word that got through, the first that did not. */
  readonly onset: readonly [number, number];
  /** null: the capture cannot show it. */
  readonly end: { readonly how: string; readonly at: readonly [number, number] | null } | null;
}

export interface Recording {
  readonly truth: Truth;
  readonly path: string;
  /** SSLKEYLOGFILE of the peers; null where nothing is encrypted. */
  readonly keys: string | null;
}

const FOLDER = 'test/matrix';

export function recordings(): Recording[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.truth.json'))
    .map((file) => {
      const truth = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Truth;
      const keys = join(FOLDER, `${truth.name}.keys`);
      return {
        truth,
        path: join(FOLDER, `${truth.name}.pcap.gz`),
        keys: existsSync(keys) ? readFileSync(keys, 'utf8') : null,
      };
    });
}

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const MICROSECONDS = 1_000_000n;

/** The same packets as pcapng with the secrets in it, as `editcap --inject-secrets` makes it. */
export function withSecretsBlock({ path, keys }: Pick<Recording, 'path' | 'keys'>): Uint8Array {
  const file = gunzipSync(Uint8Array.from(readFileSync(path)));
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const packets: BuiltBlock[] = [];
  for (let at = FILE_HEADER_BYTES; at < file.length;) {
    const bytes = view.getUint32(at + 8, true);
    const units = BigInt(view.getUint32(at, true)) * MICROSECONDS + BigInt(view.getUint32(at + 4, true));
    const data = Uint8Array.from(file.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + bytes));
    packets.push(packetBlock({ units, bytes: data }));
    at += RECORD_HEADER_BYTES + bytes;
  }
  return section([interfaceBlock({ linkType: 'LINUX_SLL2' }), secretsBlock(latin1(keys ?? '')), ...packets]);
}
