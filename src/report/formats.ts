import { renderJson } from './json.ts';
import type { Report } from './model.ts';

/** What a renderer may know of where its text goes. */
export interface RenderOptions {
  /** Columns. */
  readonly width: number;
  readonly color: boolean;
  /** False: only ASCII is drawn. */
  readonly unicode: boolean;
}

export type Renderer = (report: Report, options: RenderOptions) => string;

/** What `--format` takes. */
export type FormatName = 'text' | 'json';

/** Name -> loader. Only the format asked for is loaded: JSON needs no table library. */
export const FORMATS: Readonly<Record<FormatName, () => Promise<Renderer>>> = {
  text: async () => (await import('./text.ts')).renderText,
  json: async () => (report) => renderJson(report),
};
