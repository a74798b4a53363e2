import { renderJson } from './json.ts';
import type { Report } from './model.ts';
import { renderNdjson } from './ndjson.ts';
import type { RenderOptions } from './render-options.ts';

/** The report's text, in parts to be written one after another. */
export type Renderer = (report: Report, options: RenderOptions) => Iterable<string>;

/** What `--format` takes. */
export type FormatName = 'text' | 'markdown' | 'html' | 'json' | 'ndjson' | 'perfetto';

export interface Format {
  /** What names of files in it end with. */
  readonly extensions: readonly string[];
  /** People read it: it shows what its reader asked to see. Programs get the whole report, in UTC. */
  readonly isForPeople: boolean;
  /** Only the format asked for is loaded: JSON needs no table library. */
  readonly load: () => Promise<Renderer>;
}

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  text: {
    extensions: ['.txt'],
    isForPeople: true,
    load: async () => {
      const { renderText } = await import('./text.ts');
      return (report, options) => [renderText(report, options)];
    },
  },
  markdown: {
    extensions: ['.md'],
    isForPeople: true,
    load: async () => {
      const { renderMarkdown } = await import('./markdown.ts');
      return (report, options) => [renderMarkdown(report, options)];
    },
  },
  html: {
    extensions: ['.html', '.htm'],
    isForPeople: true,
    load: async () => {
      const { renderHtml } = await import('./html.ts');
      return (report, options) => renderHtml(report, options);
    },
  },
  json: { extensions: ['.json'], isForPeople: false, load: async () => (report) => renderJson(report) },
  ndjson: { extensions: ['.ndjson'], isForPeople: false, load: async () => (report) => renderNdjson(report) },
  perfetto: {
    extensions: ['.perfetto.json'],
    isForPeople: false,
    load: async () => {
      const { renderPerfetto } = await import('./perfetto.ts');
      return (report) => renderPerfetto(report);
    },
  },
};

/** The format of a file by its name's end, of several the longest; undefined where there is none. */
export function formatOfPath(path: string): FormatName | undefined {
  const name = path.toLowerCase();
  const ends = Object.entries(FORMATS).flatMap(([format, { extensions }]) =>
    extensions.filter((end) => name.endsWith(end)).map((end) => ({ format, end })),
  );
  const [longest] = ends.toSorted((a, b) => b.end.length - a.end.length);
  return longest !== undefined && isFormat(longest.format) ? longest.format : undefined;
}

function isFormat(name: string): name is FormatName {
  return Object.hasOwn(FORMATS, name);
}
