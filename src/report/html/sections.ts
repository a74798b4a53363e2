import { endpointText } from '../address.ts';
import { durationText } from '../duration.ts';
import type { Connection, Finding, Report, Role } from '../model.ts';
import { UNICODE } from '../text/glyphs.ts';
import { CONNECTION_COLUMNS, endStateText, involvedFirst, resentCount, streamCount } from '../words/connections.ts';
import { headlineText } from '../words/headline.ts';
import { lookedAtTexts } from '../words/looked-at.ts';
import { counted, dateTimeText, listed } from '../words/phrase.ts';
import { MEANINGS } from '../words/verdict.ts';
import { NO_WEAKNESS, weaknessTexts } from '../words/weaknesses.ts';
import { TITLES } from '../words/titles.ts';
import { WHAT_IF_COLUMNS, whatIfRows } from '../words/what-if.ts';
import { markup, type Markup, NOTHING } from './markup.ts';
import { copied, packetKey, packetMark } from './packet.ts';
import { table } from './table.ts';

const FILES_MAX = 10;
const GATEWAYS_MAX = 5;
const FINDINGS_MAX = 60;
/** Packets of one finding that can be clicked. */
const PACKETS_MAX = 16;
const CONNECTIONS_MAX = 200;
const NOTES_MAX = 100;
const STEPS_MAX = 20;
const WHAT_IF_MAX = 100;

/** The verdict, the sentence, what was read. */
export function headSection(report: Report): Markup {
  const { state, summary } = report.verdict;
  return markup`<header class="${state}">
    <h1><span class="badge" aria-hidden="true">${UNICODE.verdict[state]}</span> ${headlineText(report)}</h1>
    <p class="summary">${summary}</p>
    ${state === 'half-dead' ? NOTHING : markup`<p>${MEANINGS[state]}</p>`}
    <dl>
      ${captureFacts(report).map(
        ([term, text]) =>
          markup`<dt>${term}</dt>
            <dd>${text}</dd>`,
      )}
    </dl>
  </header>`;
}

function captureFacts({ capture, gateways }: Report): (readonly [string, string])[] {
  const files = capture.files.slice(0, FILES_MAX).map(({ path }) => path);
  const more = capture.files.length > files.length ? [`${capture.files.length - files.length} more`] : [];
  const links = [...new Set(capture.files.flatMap(({ linkTypes }) => linkTypes))].join(', ');
  const span = capture.start === null ? '' : `, ${durationText(capture.duration)} from ${dateTimeText(capture.start)}`;
  const kind = links === '' ? '' : ` (${links})`;
  return [
    ['capture', `${listed([...files, ...more])}: ${counted(capture.packets, 'packet')}${kind}${span}`],
    ...gateways.slice(0, GATEWAYS_MAX).map(({ addresses }) => ['gateway', listed(addresses)] as const),
  ];
}

/** Each finding with its packets and the filter that shows them. */
export function findingsSection({ findings, capture }: Report): Markup {
  if (findings.length === 0) return NOTHING;
  const paths = capture.files.map(({ path }) => path);
  const more = findings.length - FINDINGS_MAX;
  return markup`<section aria-labelledby="findings">
    <h2 id="findings">${TITLES.findings}</h2>
    ${findings.slice(0, FINDINGS_MAX).map((finding) => findingArticle(finding, paths))}
    ${more > 0 ? markup`<p class="more">and ${counted(more, 'more finding')}</p>` : NOTHING}
  </section>`;
}

function findingArticle(finding: Finding, paths: readonly string[]): Markup {
  const { severity, code, title, connection, packets, files, filter } = finding;
  const shown = packets.slice(0, PACKETS_MAX);
  const keys = shown.map((packet, i) => packetKey(packet, files?.[i])).join(' ');
  const rest = packets.length - shown.length;
  return markup`<article class="finding" data-c="${connection ?? ''}" data-k="${keys}">
    <h3><span class="severity ${severity}">${severity}</span> ${code}</h3>
    <p>${title}.</p>
    ${
      shown.length === 0
        ? NOTHING
        : markup`<p class="packets">
            packet${packets.length === 1 ? '' : 's'}
            ${shown.map((packet, i) => markup`${packetMark(paths, packet, files?.[i])} `)}${rest > 0 ? `and ${rest} more` : ''}
          </p>`
    }
    <p>${copied(filter, filter)}</p>
  </article>`;
}

/** First how many there are of which kind, then the involved ones and as many others as a person scrolls through. */
export function connectionsSection(report: Report): Markup {
  if (report.connections.length === 0) return NOTHING;
  const rows = involvedFirst(report).map(connectionRow);
  return markup`<section aria-labelledby="connections">
    <h2 id="connections">${TITLES.connections}</h2>
    ${report.connections.length > CONNECTIONS_MAX ? totals(report.connections) : NOTHING}
    ${table('Each of them, those in a window first', CONNECTION_COLUMNS, rows, { rowsMax: CONNECTIONS_MAX, noun: 'connection' })}
  </section>`;
}

function connectionRow(connection: Connection): { readonly cells: string[]; readonly about: string } {
  const { id, client, server, protocol } = connection;
  const cells = [
    id,
    endpointText(client),
    endpointText(server),
    protocol,
    endStateText(connection),
    String(streamCount(connection)),
    String(resentCount(connection)),
  ];
  return { cells, about: id };
}

function totals(connections: readonly Connection[]): Markup {
  const counts = new Map<string, { readonly role: Role; readonly state: string; count: number }>();
  for (const connection of connections) {
    const key = `${connection.role} ${endStateText(connection)}`;
    const kind = counts.get(key) ?? { role: connection.role, state: endStateText(connection), count: 0 };
    kind.count++;
    counts.set(key, kind);
  }
  const columns = [{ head: 'role' }, { head: 'state at the end' }, { head: 'connections', right: true }];
  const rows = [...counts.values()]
    .toSorted((a, b) => b.count - a.count)
    .map(({ role, state, count }) => ({ cells: [role, state, String(count)] }));
  return table('How many of which kind', columns, rows, { rowsMax: CONNECTIONS_MAX, noun: 'kind' });
}

/** How much was looked at, and what weakens what is said of it. */
export function trustSection(report: Report): Markup {
  const notes = weaknessTexts(report);
  const more = notes.length - NOTES_MAX;
  return markup`<section aria-labelledby="trust">
    <h2 id="trust">${TITLES.trust}</h2>
    <p>${lookedAtTexts(report).join(' ')}</p>
    ${
      notes.length === 0
        ? markup`<p>${NO_WEAKNESS}</p>`
        : markup`<ul>
            ${notes.slice(0, NOTES_MAX).map((note) => markup`<li>${note}</li>`)}
          </ul>`
    }
    ${more > 0 ? markup`<p class="more">and ${counted(more, 'more note')}</p>` : NOTHING}
  </section>`;
}

/** What each remedy would have changed; nothing where the report does not say. */
export function whatIfSection(report: Report): Markup {
  const rows = whatIfRows(report).map((cells) => ({ cells }));
  if (rows.length === 0) return NOTHING;
  return markup`<section aria-labelledby="what-if">
    <h2 id="what-if">${TITLES.whatIf}</h2>
    ${table('Remedies', WHAT_IF_COLUMNS, rows, { rowsMax: WHAT_IF_MAX, noun: 'row' })}
  </section>`;
}

/** What to do, numbered; commands ready to copy. */
export function stepsSection({ nextSteps }: Report): Markup {
  if (nextSteps.length === 0) return NOTHING;
  return markup`<section aria-labelledby="steps">
    <h2 id="steps">${TITLES.steps}</h2>
    <ol>
      ${nextSteps.slice(0, STEPS_MAX).map(({ text, command }) => markup`<li>${text}${command === null ? NOTHING : markup`<br />${copied(command, command)}`}</li>`)}
    </ol>
  </section>`;
}
