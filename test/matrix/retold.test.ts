import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { tellTruth } from '../../lab/matrix/truth.mjs';
import { recordings } from './recordings.ts';

describe.each(recordings().map(({ truth, path }) => [truth.name, truth, path] as const))('%s', (name, truth, path) => {
  test('has the truth that follows from what its peers and its kernel said, and from nothing else', () => {
    const facts: unknown = JSON.parse(
      gunzipSync(Uint8Array.from(readFileSync(path.replace('.pcap.gz', '.facts.json.gz')))).toString(),
    );
    expect(JSON.parse(JSON.stringify(tellTruth(name, facts)))).toEqual(truth);
  });
});
