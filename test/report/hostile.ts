import type { Report } from '../../src/report/index.ts';
import { composed, gatewayMute } from './scenarios.ts';

/** What somebody may put on a wire, or into a report.json by hand. Each holds MARK, to be found again where it is shown. */

export const MARK = 'zq7';

export const HOSTILE: readonly string[] = [
  `<script>alert("${MARK}")</script>`,
  `<img src=x onerror=alert(${MARK})>`,
  `"><svg/onload=alert(${MARK})>`,
  `' onmouseover='${MARK}`,
  `</title></style></script><b>${MARK}`,
  `&lt;b&gt;${MARK}&#60;`,
  `| ${MARK} | x |\n| --- | --- |`,
  `\\| ${MARK} \\\\| y`,
  `\`${MARK}\``,
  `\`\`\`\n# ${MARK}\n\`\`\`html`,
  `~~~ ${MARK}`,
  `[${MARK}](javascript:alert(1)) ![x](http://evil.example/${MARK}.png)`,
  `http://evil.example/${MARK} www.evil.example/${MARK} a${MARK}@evil.example @everyone #1 GH-1 !1 :boom: $x$`,
  `**${MARK}** __${MARK}__ ~~${MARK}~~ *a* _b_`,
  `1. ${MARK}`,
  `- ${MARK}`,
  `> ${MARK}`,
  `# ${MARK}`,
  `/close ${MARK}`,
  `---\n${MARK}`,
  `[^1]: ${MARK}`,
  `%%{init: {"theme": "${MARK}"}}%%`,
  `end\n  c->>g: ${MARK}; Note over c: x`,
  `#lt;${MARK}#gt; #60;b#62;`,
  `\u202egnp.${MARK}\u2066 \u200b\u0000\u001b[31m\u009b2J\ufeff\ud800`,
  `\u2028${MARK}\u2029`,
  `{{${MARK}}} \${${MARK}} <%= ${MARK} %>`,
  `${'`'.repeat(40)}${MARK}`,
  `${MARK}${'🧟'.repeat(3_000)}`,
  ` ${MARK} `,
];

/** Each with a name that a test can have. */
export const NAMED: readonly { readonly name: string; readonly text: string }[] = HOSTILE.map((text) => ({
  name: JSON.stringify(text.slice(0, 60)),
  text,
}));

/** Words of the report that are no text: identifiers that other parts refer to, closed sets, times. */
const KEPT: ReadonlySet<string> = new Set([
  'schema',
  'state',
  'confidence',
  'reason',
  'role',
  'id',
  'client',
  'upstream',
  'connection',
  'upstreamStream',
  'opened',
  'how',
  'by',
  'protocol',
  'cause',
  'oneWay',
  'outcome',
  'severity',
  'method',
  'owedBy',
  'format',
  'compression',
  'remedy',
]);
const TIME = /^\d{4}-\d\d-\d\dT/;

/** A report of which every text is replaced, wherever it came from. */
export function poisoned(text: string, report: Report = composed(gatewayMute())): Report {
  const poison = (part: unknown, key: string): unknown => {
    if (Array.isArray(part)) return part.map((item) => poison(item, key));
    if (typeof part === 'object' && part !== null) {
      return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, poison(value, name)]));
    }
    if (typeof part !== 'string' || KEPT.has(key) || TIME.test(part)) return part;
    return text;
  };
  return poison(report, '') as Report;
}
