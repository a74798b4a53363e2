import type { LiveStream } from './live-stream.ts';

/**
 * Requests of one key that are kept: what is passed on now was asked moments ago, so it is among the newest.
 * Without this bound a path on which thousands watch would be searched through all of them at each request.
 */
const PER_KEY_MAX = 64;

/** Open streams by what they asked: those that another connection may still pass on. A stream leaves when it is closed. */
export class WaitingRequests {
  readonly #lists = new Map<string, LiveStream[]>();

  add(key: string, stream: LiveStream): void {
    const list = this.#lists.get(key);
    if (list === undefined) {
      this.#lists.set(key, [stream]);
      return;
    }
    if (list.length >= PER_KEY_MAX) list.shift();
    list.push(stream);
  }

  /** Oldest first; undefined where none is. Valid until the next call. */
  find(key: string): readonly LiveStream[] | undefined {
    return this.#lists.get(key);
  }

  remove(key: string, stream: LiveStream): void {
    const list = this.#lists.get(key);
    if (list === undefined) return;
    const at = list.indexOf(stream);
    if (at < 0) return;
    if (list.length === 1) this.#lists.delete(key);
    else list.splice(at, 1);
  }
}
