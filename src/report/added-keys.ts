import { communityId } from './community-id.ts';
import { definitionOf, type Schema } from './conformance.ts';
import type { Connection, Evidence, Mark, Party, Report, Role, TrustNote, Verdict } from './model.ts';
import { storyOf } from './words/story.ts';
import { trustText } from './words/trust.ts';

/**
 * Gives what an older version wrote the keys that were added since: the schema's defaults, which say "unknown" or "none". What is there
 * stays, also what is no report at all, in which the schema then finds the fault.
 * @param value  as parsed; keys are added to its own objects
 */
export function addKeys(schema: Schema, value: unknown): void {
  const definitions = schema.definitions ?? {};
  const visit = (part: Schema, held: unknown): void => {
    const { anyOf = [], items, properties = {}, additionalProperties } = definitionOf(part, definitions);
    for (const choice of anyOf) visit(choice, held);
    if (Array.isArray(held)) {
      if (items !== undefined) for (const item of held) visit(items, item);
    } else if (typeof held === 'object' && held !== null) {
      addDefaults(properties, held);
      for (const [name, field] of Object.entries(held)) {
        const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
        if (typeof known === 'object') visit(known, field);
      }
    }
  };
  visit(schema, value);
}

function addDefaults(properties: Readonly<Record<string, Schema>>, held: object): void {
  for (const [name, { default: value }] of Object.entries(properties)) {
    if (value !== undefined && !Object.hasOwn(held, name)) Object.assign(held, { [name]: structuredClone(value) });
  }
}

/** Of a report as the schema has it, which leaves open what has no default: fields that others of the report tell. */
export type OlderReport = Omit<Report, 'connections' | 'windows'> & {
  connections: (Omit<Connection, 'marks'> & { marks: Older<Mark, 'until' | 'lastPacket'>[] })[];
  windows: (Omit<Report['windows'][number], 'evidence'> & { evidence: Older<Evidence, 'by'>[] })[];
};
type Older<T, Keys extends keyof T> = Omit<T, Keys> & Partial<Pick<T, Keys>>;

/** The same with those told. */
export function completed(report: OlderReport): Report {
  const connections = report.connections.map((connection) => ({
    ...connection,
    communityId: connection.communityId || communityId(connection.client, connection.server),
    marks: connection.marks.map((mark) => ({
      ...mark,
      until: mark.until ?? mark.at,
      lastPacket: mark.lastPacket ?? mark.packet,
    })),
  }));
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  const paths = report.capture.files.map(({ path }) => path);
  const windows = report.windows.map((window) => {
    const evidence = window.evidence.map((row) => ({ ...row, by: row.by ?? senderOf(row, byId.get(row.connection)) }));
    return { ...window, evidence, story: window.story || storyOf({ ...window, evidence }, byId, paths) };
  });
  return {
    ...report,
    verdict: reasoned(report),
    connections,
    windows,
    trust: report.trust.map((note) => counted(note, report.capture)),
  };
}

/** Two states have one reason each. */
function reasoned({
  verdict,
  connections,
  links,
}: Pick<Report, 'links' | 'verdict'> & Pick<OlderReport, 'connections'>): Verdict {
  if (verdict.reason !== 'unknown') return verdict;
  if (verdict.state === 'half-dead') return { ...verdict, reason: 'windows' };
  if (verdict.state !== 'healthy') return verdict;
  const count = (of: Role): number => connections.filter(({ role }) => role === of).length;
  return {
    ...verdict,
    reason: 'no-window',
    args: { clients: count('client'), upstreams: count('upstream'), links: links.length },
  };
}

/** A packet that the timeline has too has its sender there; else the sentence names the gateway, or the other side. */
function senderOf({ packet, file = 0, text }: Omit<Evidence, 'by'>, connection: Connection | undefined): Party {
  const mark = connection?.marks.find((one) => one.packet === packet && (one.file ?? 0) === file);
  const isServer = connection?.role === 'client';
  return mark?.by ?? (text.includes('the gateway') === isServer ? 'server' : 'client');
}

/** What is counted for the whole capture stands there. */
function counted(note: TrustNote, { undecoded, duplicates }: Report['capture']): TrustNote {
  const whole = note.code === 'undecoded' ? undecoded : note.code === 'duplicates' ? duplicates : note.packets.length;
  const count = note.count || whole;
  return { ...note, count, message: note.message || trustText({ ...note, count }) };
}
