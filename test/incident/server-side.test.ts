import { describe, expect, test } from 'vitest';
import { serverSides } from '../../src/incident/server-side.ts';
import { trace } from '../build/trace.ts';

describe('which side is the server', () => {
  test('whoever was sent the SYN, whatever the ports', () => {
    expect(serverSides(trace().client('c1', { from: '10.9.1.2:80', to: '10.9.0.2:50001' }).end(1))).toEqual([1]);
  });

  test('a SYN-ACK alone tells as well: its receiver opened', () => {
    const built = trace()
      .client('c1')
      .with({ handshake: { by: 1, syn: null, synAck: null } })
      .end(1);
    expect(serverSides(built)).toEqual([0]);
  });

  test('so does the refusal of a SYN that is not in the capture: who refuses is the server', () => {
    const refused = trace().client('c1', { midway: true, from: '10.9.1.2:80', to: '10.9.0.2:50001' });
    const built = refused.closes('rst', 'gateway', 1, { answersSyn: true }).end(2);
    expect(serverSides(built)).toEqual([1]);
  });

  test('without a handshake, whoever was asked', () => {
    const built = trace().client('c1', { midway: true, from: '10.9.1.2:80', to: '10.9.0.2:50001' }).watch(1).end(2);
    expect(serverSides(built)).toEqual([1]);
  });

  test('without a request, the port that more connections share, though it is the higher one', () => {
    const built = trace()
      .client('c1', { midway: true, from: '10.9.1.2:4001', to: '10.9.0.2:8443' })
      .client('c2', { midway: true, from: '10.9.1.2:4002', to: '10.9.0.2:8443' })
      .end(1);
    expect(serverSides(built)).toEqual([1, 1]);
  });

  test('else the lower port', () => {
    const lower = trace().client('c1', { midway: true, from: '10.9.1.2:80', to: '10.9.0.2:50001' }).end(1);
    expect(serverSides(lower)).toEqual([0]);
    const higher = trace().client('c1', { midway: true, from: '10.9.1.2:50001', to: '10.9.0.2:80' }).end(1);
    expect(serverSides(higher)).toEqual([1]);
  });

  test('of equal ports, the first responder', () => {
    const built = trace().client('c1', { midway: true, from: '10.9.1.2:5000', to: '10.9.0.2:5000' }).end(1);
    expect(serverSides(built)).toEqual([1]);
  });
});
