import { renderJson } from './json.ts';
import type { Report } from './model.ts';
import type { RenderOptions } from './render-options.ts';

/** The report's text, in parts to be written one after another. */
export type Renderer = (report: Report, options: RenderOptions) => Iterable<string>;

/** What `--format` takes. */
export type FormatName = 'text' | 'markdown' | 'json';

/** Name -> loader. Only the format asked for is loaded: JSON needs no table library. */
export const FORMATS: Readonly<Record<FormatName, () => Promise<Renderer>>> = {
  text: async () => {
    const { renderText } = await import('./text.ts');
    return (report, options) => [renderText(report, options)];
  },
  markdown: async () => {
    const { renderMarkdown } = await import('./markdown.ts');
    return (report) => [renderMarkdown(report)];
  },
  json: async () => (report) => renderJson(report),
};
