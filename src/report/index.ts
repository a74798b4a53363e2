export { composeReport } from './compose.ts';
export { escapeTerminal } from './escape.ts';
export { FORMATS, type FormatName, type Renderer, type RenderOptions } from './formats.ts';
export { renderJson } from './json.ts';
export type * from './model.ts';
