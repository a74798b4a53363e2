import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { FLAG, Segment } from '../../src/decode/index.ts';
import { planPoints, Sightings } from '../../src/tcp/index.ts';
import { costRatio, LINEAR_MAX } from '../build/growth.ts';

/** Connections of ten packets in each of `files` files, no packet in two of them. */
function rotatedSet(files: number, connections: number): Sightings {
  const moment = new Moment();
  const sightings = new Sightings(moment, files);
  const segment = new Segment();
  segment.ipVersion = 4;
  segment.flags = FLAG.ack;
  segment.dstPort = 443;
  segment.dst0 = 1;
  for (let file = 0; file < files; file++) {
    moment.file = file;
    for (let packet = 0; packet < 10; packet++) {
      for (let connection = 0; connection < connections; connection++) {
        moment.ns[0] = file * 1e9 + packet * 1e6;
        segment.srcPort = 1024 + connection;
        segment.seq = (file * 10 + packet) * 100;
        sightings.note(segment);
      }
    }
  }
  return sightings;
}

describe('which of several files is nearest the gateway', () => {
  test('a file that does not show a connection is not sought for again with its every packet', () => {
    const segment = Object.assign(new Segment(), { ipVersion: 4, dst0: 1, dstPort: 443, srcPort: 1024 });
    const ask = (sightings: Sightings): void => {
      let missed = 0;
      for (let packet = 0; packet < 2000; packet++) if (sightings.find(segment, 1_000_000) === -1) missed++;
      expect(missed).toBe(2000);
    };
    const few = rotatedSet(10, 1);
    const many = rotatedSet(10_000, 1);
    const ratio = costRatio(
      () => ask(many),
      () => ask(few),
    );
    // A thousand times the files; looking through them all would take hundreds of times as long.
    expect(ratio).toBeLessThan(10);
  });

  test('a rotated set of many files is not compared file by file', () => {
    const few = rotatedSet(60, 16);
    const many = rotatedSet(960, 16);
    expect([few.count, many.count]).toEqual([960, 15_360]);
    expect(planPoints(many)).toBeUndefined();
    const ratio = costRatio(
      () => planPoints(many),
      () => planPoints(few),
    );
    expect(ratio).toBeLessThan(LINEAR_MAX);
  });
});
