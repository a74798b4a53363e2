/** A packet of the capture. */
export interface Ref {
  /** Index into the capture's files. */
  readonly file: number;
  /** 1-based in its file. */
  readonly packet: number;
  /** Nanoseconds since the capture's base time. */
  readonly timeNs: number;
}

export interface Endpoint {
  /** RFC 5952 text. */
  readonly ip: string;
  readonly port: number;
}
