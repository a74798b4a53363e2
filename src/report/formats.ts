import { renderJson } from './json.ts';
import type { Report } from './model.ts';
import type { RenderOptions } from './render-options.ts';

export type Renderer = (report: Report, options: RenderOptions) => string;

/** What `--format` takes. */
export type FormatName = 'text' | 'json';

/** Name -> loader. Only the format asked for is loaded: JSON needs no table library. */
export const FORMATS: Readonly<Record<FormatName, () => Promise<Renderer>>> = {
  text: async () => (await import('./text.ts')).renderText,
  json: async () => (report) => renderJson(report),
};
