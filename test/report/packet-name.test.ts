import { describe, expect, it } from 'vitest';
import { packetName } from '../../src/report/words/packet-name.ts';

describe('the name of a packet', () => {
  const paths = ['/tmp/a/gateway.pcap0', '/tmp/a/gateway.pcap1', '/tmp/b/gateway.pcap1'];

  it('is its number where one file was given', () => {
    expect(packetName(paths, 482, undefined)).toBe('482');
  });

  it('has the file where several were, and its folder where two have one name', () => {
    expect(packetName(paths, 482, 0)).toBe('gateway.pcap0#482');
    expect(packetName(paths, 482, 2)).toBe('/tmp/b/gateway.pcap1#482');
    expect(packetName(['C:\\captures\\gateway.pcap'], 7, 0)).toBe('gateway.pcap#7');
  });
});
