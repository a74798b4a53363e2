import { incidentsSection } from './html/incidents.ts';
import { Markup, markup } from './html/markup.ts';
import { SCRIPT_HASH, STYLE_HASH } from './html/hashes.ts';
import { SCRIPT } from './html/script.ts';
import {
  connectionsSection,
  findingsSection,
  headSection,
  stepsSection,
  trustSection,
  whatIfSection,
} from './html/sections.ts';
import { STYLE } from './html/style.ts';
import { timelineSection } from './html/timeline.ts';
import { windowSections } from './html/window.ts';
import type { Report } from './model.ts';
import { isShown, type RenderOptions, type SectionName } from './render-options.ts';
import { headlineText } from './words/headline.ts';
import { zoneText } from './words/phrase.ts';

/** Nothing is loaded from anywhere, and nothing runs or styles but what is written here. */
const POLICY: string = [
  "default-src 'none'",
  `style-src '${STYLE_HASH}'`,
  `script-src '${SCRIPT_HASH}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

type Section = (report: Report) => Markup;

/** In the order of reading. */
const SECTIONS: readonly (readonly [name: SectionName | null, section: Section])[] = [
  [null, headSection],
  [null, () => CONTROLS],
  ['timeline', timelineSection],
  ['windows', incidentsSection],
  ['windows', windowSections],
  ['steps', whatIfSection],
  ['steps', stepsSection],
  ['findings', findingsSection],
  ['connections', connectionsSection],
  ['trust', trustSection],
];

/** The report as one page that needs nothing else: no network, no other file, and no scripts to be read. In parts, a section each. */
export function* renderHtml(report: Report, options: Pick<RenderOptions, 'only'> = { only: [] }): Generator<string> {
  yield headOf(report).text;
  for (const [name, section] of SECTIONS) if (isShown(name, options)) yield `${section(report).text}\n`;
  yield footOf(report).text;
}

function headOf(report: Report): Markup {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${headlineText(report)}</title>
<style>${Markup.of(STYLE)}</style>
</head>
<body>
<svg class="defs" width="0" height="0" aria-hidden="true" focusable="false"><defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M1 0V6" /></pattern>
<pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse"><circle cx="2" cy="2" r="1" /></pattern>
</defs></svg>
<main>
`;
}

/** Shown by the script: without it they would do nothing. */
const CONTROLS: Markup = markup`<div class="bar" id="bar" role="group" aria-label="What is shown" hidden>
  <label>Show <select id="connection"><option value="">all connections</option></select></label>
  <button type="button" id="everything" hidden>show everything</button>
  <button type="button" id="theme">dark or light</button>
  <output id="said" role="status"></output>
</div>`;

function footOf({ tool, schema, capture }: Report): Markup {
  return markup`<footer>Made by ${tool.name} ${tool.version} from ${schema}. Times are ${zoneText(capture.start ?? '')}. Packet numbers are Wireshark's, each in its own file.</footer>
</main>
<script>${Markup.of(SCRIPT)}</script>
</body>
</html>
`;
}
