import { type Digest, hexOf } from './digest.ts';

/** What a name is of: the word that its stand-in begins with. */
export type NameKind =
  'ns' | 'name' | 'host' | 'group' | 'resource' | 'key' | 'agent' | 'method' | 'file' | 'directory' | 'debug' | 'id';

const TAG_BYTES = 4;
const TAG_MAX_BYTES = 16;

/** Gives names stand-ins: the same one for the same name. */
export interface Names {
  standIn(kind: NameKind, name: string): string;
}

/** Stand-ins of names, `ns-1`, `name-2`: counted by kind, or `ns-5f0c21aa` where a key makes them. Never one for two. */
export class NameBook implements Names {
  readonly #digest: Digest | null;
  readonly #standIns = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #counts = new Map<NameKind, number>();

  constructor(digest: Digest | null) {
    this.#digest = digest;
  }

  standIn(kind: NameKind, name: string): string {
    const key = `${kind} ${name}`;
    const known = this.#standIns.get(key);
    if (known !== undefined) return known;
    const made = this.#digest === null ? this.#counted(kind) : this.#keyed(kind, this.#digest(key));
    this.#taken.add(made);
    this.#standIns.set(key, made);
    return made;
  }

  #counted(kind: NameKind): string {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return `${kind}-${count}`;
  }

  /** Longer where a shorter one is taken: of a million names two may begin alike. */
  #keyed(kind: NameKind, digest: Uint8Array): string {
    let bytes = TAG_BYTES;
    while (bytes < TAG_MAX_BYTES && this.#taken.has(`${kind}-${hexOf(digest, bytes)}`)) bytes++;
    return `${kind}-${hexOf(digest, bytes)}`;
  }
}
