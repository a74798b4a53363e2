import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { maskPath } from '../../../src/http/masking.ts';
import type { KeptFields } from '../../../src/http/sink.ts';
import { CORPUS_ABSENT, corpusFiles } from '../../build/corpus.ts';
import { BlockReader } from './blocks.ts';

interface Story {
  readonly cases: readonly {
    readonly wire: string;
    readonly header_table_size?: number;
    readonly headers: readonly Readonly<Record<string, string>>[];
  }[];
}

const KEPT: Readonly<Record<string, keyof KeptFields>> = {
  ':method': 'method',
  ':path': 'path',
  ':authority': 'authority',
  ':status': 'status',
  'user-agent': 'userAgent',
  'x-request-id': 'requestId',
  'content-type': 'contentType',
  server: 'server',
};

function expected(headers: readonly Readonly<Record<string, string>>[]): Partial<KeptFields> {
  const fields = Object.entries(Object.assign({}, ...headers)).flatMap(([name, value]) => {
    const key = KEPT[name];
    if (key === undefined) return [];
    if (key === 'status') return [[key, Number(value)]];
    return [[key, key === 'path' ? maskPath(String(value)) : value]];
  });
  return Object.fromEntries(fields);
}

const files = corpusFiles('hpack', '.json');

describe.skipIf(files.length === 0)(
  `stories of other encoders${files.length === 0 ? ` (${CORPUS_ABSENT})` : ''}`,
  () => {
    test.each(files.map((file) => [basename(file), file]))('%s', (_name, file) => {
      const story: Story = JSON.parse(readFileSync(file, 'utf8'));
      const reader = new BlockReader();
      for (const step of story.cases) expect(reader.read(step.wire)).toEqual(expected(step.headers));
      expect(reader.decoder.badIndices).toBe(0);
    });

    test('whatever block the capture begins at, no value is wrong, and none is missing unless a name is unknown', () => {
      let known = 0;
      let unknown = 0;
      for (const file of files) {
        const story: Story = JSON.parse(readFileSync(file, 'utf8'));
        for (let start = 1; start < Math.min(story.cases.length, 12); start++) {
          const reader = new BlockReader(false);
          for (const step of story.cases.slice(start)) {
            const { unknownNames = 0, ...fields } = reader.read(step.wire) ?? {};
            const truth = expected(step.headers);
            if (unknownNames === 0) expect(fields).toEqual(truth);
            else expect(truth).toMatchObject(fields);
            known += Object.keys(fields).length;
            unknown += Object.keys(truth).length - Object.keys(fields).length;
          }
        }
      }
      expect(known).toBeGreaterThan(unknown);
    });
  },
);
