import { describe, expect, test } from 'vitest';
import type { TraceConnection } from '../../src/trace/index.ts';
import { composeReport } from '../build/reports.ts';
import type { window } from './incident-builder.ts';
import { gatewayMute } from './scenarios.ts';

describe('what would have ended it sooner', () => {
  const remediesWith = (
    upstream: Partial<TraceConnection>,
    changes: Partial<Parameters<typeof window>[0]> = {},
  ): string => {
    const told = gatewayMute();
    const windows = told.incident.windows.map((one) => ({ ...one, ...changes }));
    const connections = told.incident.connections.map((one) =>
      one.id === 'u1' ? { ...one, trace: { ...one.trace, ...upstream } } : one,
    );
    const { nextSteps } = composeReport({ ...told.incident, windows, connections }, told.capture, '1.0.0');
    return nextSteps.map(({ text, command }) => `${text}\n${command}`).join('\n');
  };

  test('both keep-alives are named, by TCP and by HTTP/2, with what restarts their clocks', () => {
    const text = remediesWith({});
    expect(text).toContain('upstream_connection_options.tcp_keepalive');
    expect(text).toContain("a retransmission too, restarts Linux's clock");
    expect(text).toContain(
      'To end it sooner by HTTP/2: PINGs from the gateway (Envoy: http2_protocol_options.connection_keepalive)',
    );
    expect(text).toContain('connection_keepalive: {interval: 30s, timeout: 10s}');
  });

  test('HTTP/2 is not advised to an upstream of HTTP/1.1, nor switched on where PINGs are there, nor taken for granted in TLS', () => {
    expect(remediesWith({ protocol: 'http1' })).not.toContain('connection_keepalive');
    const [client, server] = gatewayMute().incident.connections[1]?.trace.flows ?? [];
    if (client === undefined || server === undefined) throw new Error('the story has an upstream');
    const pinged = remediesWith({ flows: [{ ...client, pings: 4 }, server] });
    expect(pinged).toContain('the gateway does send PINGs to 10.9.2.2:8080 (4 in the capture)');
    expect(pinged).not.toContain('interval: 30s');
    expect(remediesWith({ protocol: 'tls' })).toContain('if 10.9.2.2:8080 speaks it');
  });

  test('who stood by unused is named, and what is between the requests that wait and it', () => {
    const unused = '10.9.3.2:8080 could have served and got no request (alternative-unused)';
    expect(remediesWith({})).toContain(unused);
    const alternatives = [{ upstream: 'u2', requestsDuring: 3, unused: false }];
    expect(remediesWith({}, { alternatives })).not.toContain('could have served');
  });

  test.each(['reset', 'refused', 'connect-unanswered', 'goaway-ignored', 'closed-not-propagated'] as const)(
    'of a death by %s keep-alive is not advised',
    (cause) => {
      const text = remediesWith({}, { cause });
      expect(text).toContain('keep-alive');
      expect(text).not.toContain('tcpKeepalive');
      expect(text).not.toContain('connection_keepalive');
    },
  );
});
