/** Why an address cannot have a stand-in. */
export type NoRoomReason = 'range-full' | 'range-seen';

const REASONS: Readonly<Record<NoRoomReason, (range: string) => string>> = {
  'range-full': (range) =>
    `cannot be anonymised: ${range} has no room left for stand-ins of all /24 networks in this capture; take fewer files at once`,
  'range-seen': (range) =>
    `cannot be anonymised: the capture itself has addresses of ${range}, which stand for others by now; with another key they may not`,
};

/** Ends the anonymising of a report: what could not be told from an original must not be written. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError';

  constructor(reason: NoRoomReason, range: string) {
    super(REASONS[reason](range));
  }
}
