import type { Incident, Report } from '../model.ts';
import { incidentText, incidentTotals, victimsText } from '../words/incidents.ts';
import { counted } from '../words/phrase.ts';
import { TITLES } from '../words/titles.ts';
import { markup, type Markup, NOTHING } from './markup.ts';

const INCIDENTS_MAX = 50;
const VICTIMS_MAX = 10;

/** Which upstream servers were dead and whom each hurt, the worst first. */
export function incidentsSection(report: Report): Markup {
  const { incidents } = report;
  if (incidents.length === 0) return NOTHING;
  const more = incidents.length - INCIDENTS_MAX;
  const totals = incidentTotals(report);
  return markup`<section aria-labelledby="incidents">
    <h2 id="incidents">${TITLES.incidents}</h2>
    ${totals === null ? NOTHING : markup`<p>${totals}</p>`}
    <ol>
      ${incidents.slice(0, INCIDENTS_MAX).map(incidentItem)}
    </ol>
    ${more > 0 ? markup`<p class="more">and ${counted(more, 'more incident')}</p>` : NOTHING}
  </section>`;
}

function incidentItem(incident: Incident): Markup {
  const { victims } = incident;
  const more = victims.length - VICTIMS_MAX;
  return markup`<li>${incidentText(incident)}
    <ul>
      ${victims.slice(0, VICTIMS_MAX).map((group) => markup`<li>${victimsText(group)}</li>`)}
      ${more > 0 ? markup`<li class="more">and ${counted(more, 'more group')}</li>` : NOTHING}
    </ul></li>`;
}
