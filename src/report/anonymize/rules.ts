import type { Report } from '../model.ts';
import { ENDPOINT, EVENT, PLACE } from './common-rules.ts';
import type { RuleOf } from './rule.ts';
import { INCIDENT_RULES, WINDOW_RULES } from './window-rules.ts';

/**
 * What becomes of each field of a report. The types make it complete: a field that is added to the model does not compile until it has a
 * rule here, and a field that a report has beyond the model is dropped.
 */

const PER_PARTY = { fromClient: 'number', fromServer: 'number' } as const;
const ROUND_TRIPS = { least: 'number', most: 'number', samples: 'number' } as const;
const PINGS = { sent: 'number', answered: 'number' } as const;
const PROBES = {
  probes: 'number',
  answered: 'number',
  time: 'number',
  interval: 'number',
  unanswered: 'number',
  gaveUp: { at: 'time', ...PLACE },
} as const;

export const REPORT_RULES: RuleOf<Report> = {
  schema: 'word',
  tool: { name: 'word', version: 'version' },
  capture: {
    files: [
      {
        path: 'file',
        format: 'word',
        bytes: 'number',
        packets: 'number',
        linkTypes: ['link-type'],
        truncated: 'boolean',
        compression: 'word',
        dropped: 'number',
      },
    ],
    packets: 'number',
    start: 'time',
    end: 'time',
    duration: 'number',
    duplicates: 'number',
    undecoded: 'number',
    notAnalyzed: [{ kind: 'packet-kind', linkType: 'link-type', packets: 'number', undecoded: 'boolean' }],
    warnings: [
      { code: 'warning-code', args: 'args', message: 'sentence', file: 'number', byte: 'number', packet: 'number' },
    ],
    interrupted: 'boolean',
    comments: [{ ...PLACE, text: 'dropped' }],
  },
  verdict: { state: 'word', confidence: 'word', summary: 'sentence', reason: 'word', args: 'args' },
  gateways: [{ addresses: ['address'], how: 'word' }],
  connections: [
    {
      id: 'own-id',
      role: 'word',
      client: ENDPOINT,
      server: ENDPOINT,
      proxiedFor: ENDPOINT,
      communityId: 'sentence',
      dumpId: 'own-id',
      marks: [{ ...EVENT, kind: 'word', count: 'number', until: 'time', lastPacket: 'number', lastFile: 'number' }],
      tunnels: [{ kind: 'word', network: 'number', from: 'address', to: 'address', packets: 'number' }],
      seenAs: [{ client: ENDPOINT, server: ENDPOINT, packets: 'number' }],
      firstPacket: 'number',
      firstFile: 'number',
      lastPacket: 'number',
      lastFile: 'number',
      start: 'time',
      end: 'time',
      opened: 'word',
      closed: { how: 'word', ...EVENT },
      protocol: 'word',
      tls: { version: 'word', cipher: 'cipher', sni: 'host', alpn: 'word', resumed: 'boolean', keys: 'word' },
      tlsAlerts: [{ ...EVENT, level: 'word', description: 'tls-alert' }],
      inferred: {
        pings: { fromClient: PINGS, fromServer: PINGS },
        resetsOrWindowUpdates: PER_PARTY,
        requests: 'number',
      },
      packets: PER_PARTY,
      bytes: PER_PARTY,
      keepalive: { fromClient: PROBES, fromServer: PROBES },
      retransmissions: PER_PARTY,
      ladders: [
        {
          by: 'word',
          at: 'time',
          firstPacket: 'number',
          firstFile: 'number',
          tries: 'number',
          gaps: ['number'],
          doubling: 'boolean',
          endedBy: 'word',
        },
      ],
      roundTrips: { fromClient: ROUND_TRIPS, fromServer: ROUND_TRIPS },
      resets: [EVENT],
      goaways: [{ ...EVENT, lastStreamId: 'number', error: 'http2-error', debug: 'debug' }],
      pings: { fromClient: PINGS, fromServer: PINGS },
      streams: [
        {
          id: 'number',
          tunnel: 'number',
          method: 'method',
          path: 'path',
          kind: 'request-kind',
          status: 'number',
          reason: 'arg-word',
          opened: 'time',
          firstPacket: 'number',
          firstFile: 'number',
          closed: 'time',
          how: 'word',
          error: 'http2-error',
          lastData: 'time',
        },
      ],
      foldedStreams: { count: 'number', byStatus: [{ status: 'number', count: 'number' }] },
      liveness: [{ from: 'time', to: 'time', state: 'word', owedBy: 'word' }],
    },
  ],
  links: [
    {
      client: 'own-id',
      upstream: 'own-id',
      method: 'word',
      confidence: 'number',
      streams: [['number']],
      tunnels: [['number']],
      candidates: 'number',
      runnerUp: { client: 'own-id', upstream: 'own-id', confidence: 'number', odds: 'number' },
      bursts: { matched: 'number', byChance: 'number', odds: 'number' },
    },
  ],
  windows: [WINDOW_RULES],
  incidents: [INCIDENT_RULES],
  thresholds: {
    deadTries: 'number',
    deadAfter: 'number',
    idleAfter: 'number',
    healedWait: 'number',
    actsWithin: 'number',
    lossSpan: 'number',
    lossTries: 'number',
    responseGrace: 'number',
    watchGrace: 'number',
  },
  trust: [
    {
      code: 'trust-code',
      connection: 'own-id',
      weakens: ['conclusion'],
      packets: ['number'],
      files: ['number'],
      count: 'number',
      args: 'args',
      message: 'sentence',
    },
  ],
  findings: [
    {
      code: 'finding-code',
      severity: 'word',
      title: 'sentence',
      connection: 'own-id',
      stream: 'number',
      tunnel: 'number',
      at: 'time',
      packets: ['number'],
      files: ['number'],
      filter: 'sentence',
      args: 'args',
    },
  ],
  whatIf: [
    {
      remedy: 'word',
      where: 'remedy-place',
      parameters: 'args',
      windows: [{ window: 'own-id', firesAt: 'time', duration: 'number', reason: 'sentence' }],
      collateral: [{ connection: 'own-id', stream: 'number', kind: 'request-kind', at: 'time' }],
    },
  ],
  nextSteps: [{ text: 'sentence', command: 'sentence' }],
};
