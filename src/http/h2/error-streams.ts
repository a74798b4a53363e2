/** So many error responses may wait for their bodies; a gateway that has lost an upstream answers what waited on it at once. */
export const WAITING_ERRORS_MAX = 64;

/**
 * The streams of a flow whose response is an error, and whose body has not begun: servers that answer many at once send all heads
 * before the first body.
 */
export class ErrorStreams {
  private readonly waiting: number[] = [];

  /** @returns false where the oldest makes room */
  add(streamId: number): boolean {
    if (this.waiting.push(streamId) <= WAITING_ERRORS_MAX) return true;
    this.waiting.shift();
    return false;
  }

  /** A body begins. @returns whether it is that of an error, and had not begun */
  take(streamId: number): boolean {
    const at = this.waiting.indexOf(streamId);
    if (at < 0) return false;
    this.waiting.splice(at, 1);
    return true;
  }
}
