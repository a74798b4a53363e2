import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findInputs, readCaptures } from '../../src/capture/index.ts';
import { FramePass } from '../../src/cli/frame-pass.ts';
import { KeyLog } from '../../src/tls/index.ts';
import { CORPUS_ABSENT, corpusFiles } from '../build/corpus.ts';
import { TYPE } from '../build/h2.ts';

/** A line of the dump, as far as it is compared here. */
interface Line {
  readonly packet: number;
  readonly connection: string;
  readonly from: string | null;
  readonly protocol: string;
  readonly type: string;
  readonly stream: number;
  readonly length: number;
  readonly headers: object | null;
}

type Row = readonly [type: number, flags: number, streamId: number, length: number];

interface Answer {
  readonly streams: readonly { readonly stream: number }[];
  readonly http2: {
    /** By packet, stream, type, flags, stream id, length. */
    readonly frames: readonly (readonly number[])[];
    readonly byBytes: readonly {
      readonly stream: number;
      readonly from0: { readonly frames: readonly Row[] } | null;
      readonly from1: { readonly frames: readonly Row[] } | null;
      readonly sameCountAsTshark: boolean;
    }[];
  } | null;
}

const ENDING = '.tshark.json';
const TYPE_NAMES = new Map<number, string>(Object.entries(TYPE).map(([name, type]) => [type, name]));

async function dumpOf(file: string): Promise<Line[]> {
  const keyLog = new KeyLog();
  const keys = `${file.replace(/\.[^.]*$/u, '')}.keys`;
  if (existsSync(keys)) keyLog.add(readFileSync(keys, 'latin1'));
  const lines: Line[] = [];
  const pass = new FramePass(keyLog, (line) => lines.push(JSON.parse(line)));
  await readCaptures(findInputs([file]), (batch) => pass.consume(batch), {
    onBegin: (paths) => pass.begin(paths),
    onSecrets: (bytes) => keyLog.add(Buffer.from(bytes).toString('latin1')),
  });
  pass.finish();
  return lines;
}

/** A frame in words, without its flags: those are compared bit by bit in test/http/corpus-frames.test.ts. */
function wordsOf([type = 0, , streamId = 0, length = 0]: readonly number[]): string {
  return `${TYPE_NAMES.get(type) ?? `UNKNOWN_0x${type.toString(16).padStart(2, '0')}`} ${streamId} ${length}`;
}

const answers = corpusFiles('http2', ENDING).map((file) => {
  const { http2, streams }: Answer = JSON.parse(readFileSync(file, 'utf8'));
  return { name: path.basename(file, ENDING), file: file.slice(0, -ENDING.length), streams, http2 };
});

describe.skipIf(answers.length === 0)(
  `the dump of public captures of HTTP/2${answers.length === 0 ? ` (${CORPUS_ABSENT})` : ''}`,
  () => {
    const rows: string[] = [];
    afterAll(() => {
      console.log(['frames as Wireshark has them, or as the bytes do where it lost some:', ...rows].join('\n'));
    });

    test.each(answers)(
      '$name: every frame, at the packet that Wireshark says',
      async ({ name, file, streams, http2 }) => {
        const lines = (await dumpOf(file)).filter(({ protocol }) => protocol === 'h2');
        for (const { stream, from0, from1, sameCountAsTshark } of http2?.byBytes ?? []) {
          const connection = `t${streams.findIndex((each) => each.stream === stream) + 1}`;
          const ours = lines.filter((each) => each.connection === connection);
          const told = ours.map(({ packet, type, stream: id, length }) => `#${packet} ${type} ${id} ${length}`);
          rows.push(
            `${name} ${stream}`.padEnd(56) +
              `${told.length}`.padStart(6) +
              (sameCountAsTshark ? '  Wireshark' : '  bytes'),
          );
          if (sameCountAsTshark) {
            const theirs = (http2?.frames ?? []).filter(([, each]) => each === stream);
            expect(told.toSorted()).toEqual(
              theirs.map(([packet, , ...row]) => `#${packet} ${wordsOf(row)}`).toSorted(),
            );
          } else {
            const split = [...(from0?.frames ?? []), ...(from1?.frames ?? [])].map(wordsOf);
            expect(told.map((line) => line.replace(/^#\d+ /u, ''))).toEqual(expect.arrayContaining(split));
          }
        }
      },
    );

    test('a field block that is whole has its fields; nothing else has any', async () => {
      for (const { file } of answers) {
        for (const { type, headers, from } of await dumpOf(file)) {
          if (!['HEADERS', 'CONTINUATION', 'REQUEST', 'RESPONSE'].includes(type)) expect(headers).toBeNull();
          if (type === 'REQUEST' || type === 'RESPONSE') expect(headers).not.toBeNull();
          expect(from).not.toBeUndefined();
        }
      }
    });
  },
);
