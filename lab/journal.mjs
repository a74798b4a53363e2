// What a peer tells about itself: one JSON object a line on stdout, each with the machine's time in microseconds.
// All peers share one machine and so one clock, the same that tcpdump stamps packets with.
import { performance } from 'node:perf_hooks';

/** The present as ISO 8601 in UTC with microseconds. */
export function now() {
  return isoFromMicroseconds(Math.round((performance.timeOrigin + performance.now()) * 1000));
}

export function isoFromMicroseconds(microseconds) {
  const milliseconds = Math.floor(microseconds / 1000);
  const rest = String(microseconds - milliseconds * 1000).padStart(3, '0');
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${rest}Z`;
}

/** Seconds since 1970 of an ISO time written by `now`; a Date alone would lose the microseconds. */
export function secondsFromIso(iso) {
  const [whole, fraction] = iso.slice(0, -1).split('.');
  return Date.parse(`${whole}Z`) / 1000 + Number(`0.${fraction ?? 0}`);
}

export function tell(event, facts) {
  process.stdout.write(`${JSON.stringify({ at: now(), event, ...facts })}\n`);
}

/** Calls `onEntry` for each complete line of JSON; lines of any other kind are passed over. */
export function readEntries(stream, onEntry) {
  let pending = '';
  stream.setEncoding('utf8');
  stream.on('data', (text) => {
    const lines = (pending + text).split('\n');
    pending = lines.pop();
    for (const line of lines) {
      const entry = parseEntry(line);
      if (entry !== undefined) onEntry(entry);
    }
  });
}

export function parseEntry(line) {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
