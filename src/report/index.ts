export { composeReport } from './compose.ts';
export { type DumpedConnection, type DumpedPacket, renderPacket } from './dump/packet.ts';
export { renderTrace } from './dump/trace.ts';
export { escapeTerminal } from './escape.ts';
export { FORMATS, formatOfPath, type FormatName, type Renderer } from './formats.ts';
export type { RenderOptions } from './render-options.ts';
export { renderJson } from './json.ts';
export type * from './model.ts';
export { warningText } from './words/warning.ts';
