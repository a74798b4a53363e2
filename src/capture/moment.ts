/**
 * The packet that is being read, shared by every stage of the wire pass.
 *
 * The time stands in a typed array because a double passed as an argument between functions that are not
 * inlined is boxed, and a box per packet is what the wire pass may not make.
 */
export class Moment {
  /** [0]: nanoseconds since the capture's base time. */
  readonly ns: Float64Array = new Float64Array(1);
  /** 1-based, as Wireshark counts in its own file. */
  packet = 0;
  /** Index of the file in the capture. */
  file = 0;
  /** Interface of the file at which it was captured (`RecordBatch.vantage`). */
  vantage = 0;
}
