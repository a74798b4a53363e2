import type { Args, ConnectionId, Count, FileIndex, PacketNumber, Seconds, Timestamp } from './values.ts';

/** What turns episodes into states. Null: not known, in a report of an older version. */
export interface Thresholds {
  deadTries: Count;
  deadAfter: Seconds;
  /** @default null */
  idleAfter: Seconds | null;
  /** @default null */
  healedWait: Seconds | null;
  /** @default null */
  actsWithin: Seconds | null;
  /** @default null */
  lossSpan: Seconds | null;
  /** @default null */
  lossTries: Count | null;
  /** @default null */
  responseGrace: Seconds | null;
  /** @default null */
  watchGrace: Seconds | null;
}

/** A weakness of the capture, and which conclusions it weakens. */
export interface TrustNote {
  code: string;
  connection: ConnectionId | null;
  weakens: string[];
  packets: PacketNumber[];
  files?: FileIndex[];
  /** @default 0 */
  count: Count;
  /** @default {} */
  args: Args;
  /** @default "" */
  message: string;
}

export type Severity = 'critical' | 'warning' | 'info';

export interface Finding {
  code: string;
  severity: Severity;
  /** One sentence. */
  title: string;
  connection: ConnectionId | null;
  stream: Count | null;
  /** The CONNECT stream in whose tunnel that one runs; only where it runs in one. */
  tunnel?: Count;
  at: Timestamp | null;
  packets: PacketNumber[];
  files?: FileIndex[];
  /** A Wireshark display filter that shows it. */
  filter: string;
  args: { [name: string]: string | number | boolean | null };
}

export interface WhatIf {
  remedy:
    'tcp-keepalive' | 'tcp-user-timeout' | 'h2-keepalive' | 'stream-idle-timeout' | 'route-timeout' | 'client-ping';
  where: string;
  parameters: { [name: string]: number };
  windows: WhatIfWindow[];
  collateral: Collateral[];
}

export interface WhatIfWindow {
  window: string;
  firesAt: Timestamp | null;
  duration: Seconds;
  reason: string;
}

/** A healthy stream that the remedy would have cut. */
export interface Collateral {
  connection: ConnectionId;
  stream: Count;
  kind: string;
  at: Timestamp;
}

export interface NextStep {
  text: string;
  /** Ready to paste; null where there is none. */
  command: string | null;
}
