export { addressText } from './addresses.ts';
export { absurd } from './absurd.ts';
export { BURST_CONTROLS } from './limits.ts';
export type {
  BurstJoin,
  Close,
  Debt,
  DebtEnd,
  Endpoint,
  Flood,
  Flow,
  GivenUp,
  Goaway,
  Handshake,
  IcmpError,
  Join,
  LastBurst,
  JoinMethod,
  LimitHit,
  Mark,
  MarkKind,
  Partner,
  Pause,
  Ref,
  RequestFields,
  Silence,
  SlowPing,
  Stall,
  Step,
  StreamTotals,
  Trace,
  TraceConnection,
  TraceStream,
  TunnelKind,
  TunnelPath,
} from './model.ts';
export { firstFiresAt } from './stairs.ts';
export { Recorder } from './recorder.ts';
