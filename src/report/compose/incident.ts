import type { Outage } from '../../incident/index.ts';
import type { Incident } from '../model.ts';
import { type Frame, secondsOf, timeAt } from './frame.ts';

export function incidentOf(frame: Frame, outage: Outage): Incident {
  const { id, server, upstreams, windows, confidence, causes, clients, streams, outcomes, victims } = outage;
  return {
    id,
    server: { ...server },
    upstreams: [...upstreams],
    windows: [...windows],
    confidence,
    causes: [...causes],
    from: timeAt(frame, outage.fromNs),
    to: outage.toNs === null ? null : timeAt(frame, outage.toNs),
    duration: secondsOf(outage.durationNs),
    open: outage.toNs === null,
    waited: secondsOf(outage.waitedNs),
    clients,
    streams,
    outcomes: { ...outcomes },
    victims: victims.map((group) => ({ ...group })),
  };
}
