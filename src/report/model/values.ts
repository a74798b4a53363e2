/**
 * ISO 8601, UTC, with as many fraction digits as the capture has (6 or 9).
 * @format date-time
 */
export type Timestamp = string;

/**
 * Seconds.
 * @minimum 0
 */
export type Seconds = number;

/**
 * @asType integer
 * @minimum 0
 */
export type Count = number;

/**
 * 1-based, as Wireshark counts in its own file.
 * @asType integer
 * @minimum 1
 */
export type PacketNumber = number;

/**
 * Index into `capture.files`.
 * @asType integer
 * @minimum 0
 */
export type FileIndex = number;

/**
 * @asType integer
 * @minimum 0
 * @maximum 65535
 */
export type Port = number;

/** Id of a connection in this report: `c1…` client, `u1…` upstream, `o1…` other. */
export type ConnectionId = string;

/** What a sentence was made from, by name: where it is given, the sentence can be made again. */
export interface Args {
  [name: string]: string | number | boolean | null | string[];
}

export type Role = 'client' | 'upstream' | 'other';

export type Party = 'client' | 'server';

export interface PerParty<T> {
  fromClient: T;
  fromServer: T;
}

export interface Endpoint {
  /** RFC 5952 text. */
  ip: string;
  port: Port;
}
