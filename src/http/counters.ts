/** What the http stage could not follow. All count events. Those that are bounds reach the report; the others are for tests and for the curious. */
export interface HttpCounters {
  /** Flows that left frame synchronisation, and that found it again. */
  lost: number;
  regained: number;
  /** Gaps that lay inside one frame's payload, so that the next boundary stayed known. */
  gapsInsideFrames: number;
  /** Frames that break a rule of RFC 9113 §4.1 to §6.10 in length, stream or order. */
  illegalFrames: number;
  /** Frames longer than the receiver had announced (RFC 9113 §4.2). */
  longFrames: number;
  /** Field blocks or payloads over HEADER_BLOCK_MAX_BYTES, or over what all flows may hold together. */
  collectLimit: number;
  /** Malformed field blocks (RFC 7541). */
  hpackErrors: number;
  /** References behind a dynamic table that was seen from its start on. */
  hpackBadIndices: number;
  /** Dynamic tables given up since all tables together were too large. */
  hpackTableLimit: number;
  /** Times that a table was announced to be larger than what is followed of one. */
  hpackLongTables: number;
  /** Kept fields too long to keep. */
  longValues: number;
  /** Requests of HTTP/1.1 that were taken as over since too many others waited for their answers. */
  pendingLimit: number;
  /** Times that unsynchronised bytes could not be kept, so that what they hold is not told. */
  unsyncedLimit: number;
  /** CONNECT streams that were counted only, since too many others of their connection were open, or of all. */
  tunnelLimit: number;
  tunnelTotalLimit: number;
  /** Streams that began before the capture and were not looked into for a tunnel, since so many others of their connection were. */
  suspectLimit: number;
  /** Error responses of which so many others of their connection came before their bodies that their reason was not read. */
  errorLimit: number;
  /** Bodies coded by gzip that were not looked into, since so many others were. */
  codedLimit: number;
  /** Flows whose protocol was looked for in vain, and is no longer. */
  searchesGivenUp: number;
}

/** Nothing was counted yet. */
export function noCounts(): HttpCounters {
  return {
    lost: 0,
    regained: 0,
    gapsInsideFrames: 0,
    illegalFrames: 0,
    longFrames: 0,
    collectLimit: 0,
    hpackErrors: 0,
    hpackBadIndices: 0,
    hpackTableLimit: 0,
    hpackLongTables: 0,
    longValues: 0,
    pendingLimit: 0,
    tunnelLimit: 0,
    tunnelTotalLimit: 0,
    suspectLimit: 0,
    unsyncedLimit: 0,
    errorLimit: 0,
    codedLimit: 0,
    searchesGivenUp: 0,
  };
}
