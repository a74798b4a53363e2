import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureError, openSource } from '../../src/capture/index.ts';
import { buildPcap } from '../build/pcap.ts';
import { memorySource, readAll } from './records.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'watchpcap-source-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, bytes: Uint8Array | string): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

function failure(act: () => unknown): CaptureError {
  try {
    act();
  } catch (error) {
    if (error instanceof CaptureError) return error;
    throw error;
  }
  throw new Error('no CaptureError was thrown');
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

describe('files that cannot be opened', () => {
  it('names a file that is not there', () => {
    const error = failure(() => openSource(path.join(folder, 'absent.pcap')));
    expect(error).toMatchObject({ code: 'missing', byte: null, file: path.join(folder, 'absent.pcap') });
    expect(error.message).toBe(`${path.join(folder, 'absent.pcap')}: no such file`);
  });

  it('names a file below something that is not a directory', () => {
    expect(failure(() => openSource(`${written('plain', 'x')}/deeper`)).code).toBe('missing');
  });

  it('names a directory', () => {
    expect(failure(() => openSource(folder))).toMatchObject({
      code: 'directory',
      message: `${folder}: is a directory, not a capture file`,
    });
  });

  it.skipIf(process.getuid?.() === 0)('names a file that may not be read', () => {
    const file = written('secret.pcap', '');
    execFileSync('chmod', ['000', file]);
    expect(failure(() => openSource(file))).toMatchObject({ code: 'unreadable', failure: { errno: 'EACCES' } });
  });

  it.skipIf(!existsSync('/proc/self/mem'))('names a file whose first byte cannot be read', () => {
    const error = failure(() => readAll(openSource('/proc/self/mem')));
    expect(error).toMatchObject({ code: 'unreadable', byte: 0, failure: { errno: 'EIO' } });
  });
});

describe('files that are no classic pcap', () => {
  const read = (content: Uint8Array) => failure(() => readAll(memorySource(content, 'it.pcap')));

  it('an empty file', () => {
    expect(read(new Uint8Array(0))).toMatchObject({
      code: 'not-a-capture',
      byte: 0,
      message: 'it.pcap: is empty, not a capture file (at byte 0)',
    });
  });

  it('a text file', () => {
    expect(read(bytes('hello\tworld\r\n'))).toMatchObject({
      code: 'not-a-capture',
      byte: 0,
      failure: { found: 'text' },
    });
    expect(read(bytes('h'))).toMatchObject({ failure: { found: 'text' } });
  });

  it('bytes that begin like nothing known', () => {
    expect(read(bytes('\x01\x02\x03\x04\x05'))).toMatchObject({
      code: 'not-a-capture',
      failure: { found: 'unknown-bytes' },
    });
  });

  for (const byteOrder of ['little', 'big'] as const) {
    it(`a ${byteOrder}-endian file cut anywhere in its header, with the byte at which it ends`, () => {
      const header = buildPcap([], { byteOrder });
      for (let length = 1; length < 24; length++) {
        const error = read(header.subarray(0, length));
        expect(error).toMatchObject({
          code: 'not-a-capture',
          byte: length,
          failure: { found: 'cut-header', bytes: length },
        });
        expect(error.message).toBe(
          `it.pcap: ends within the pcap file header, after ${length} bytes (at byte ${length})`,
        );
      }
    });
  }

  it('a pcap file of another major version', () => {
    expect(read(buildPcap([], { version: [1, 4] }))).toMatchObject({
      code: 'unsupported-format',
      byte: 4,
      failure: { format: 'a pcap file of version 1.4' },
    });
  });

  const EDITCAP = 'editcap -F pcapng it.pcap converted.pcapng';
  const unpacked = (by: string) => `${by} it.pcap | watchpcap analyze -`;
  const foreign: [name: string, content: Uint8Array, command: string][] = [
    ['bzip2-compressed', bytes('BZh91AY'), unpacked('bzip2 -dc')],
    ['xz-compressed', bytes('\xfd7zXZ\0'), unpacked('xz -dc')],
    ['lz4-compressed', bytes('\x04\x22\x4d\x18\x64\x40'), unpacked('lz4 -dc')],
    ['compressed with compress (.Z)', bytes('\x1f\x9d\x90\0'), unpacked('gzip -dc')],
    ['a zip archive', bytes('PK\x03\x04\x14\0'), unpacked('unzip -p')],
    ['a 7-Zip archive', bytes('7z\xbc\xaf\x27\x1c\0\x04'), unpacked('7z e -so')],
    ['gzip-compressed', bytes('\x1f\x8b\x08\0'), unpacked('gzip -dc')],
    ['zstd-compressed', bytes('\x28\xb5\x2f\xfd\x04'), unpacked('zstd -dc')],
    ['a snoop file', bytes('snoop\0\0\0\0\0\0\x02'), EDITCAP],
    ['a btsnoop file', bytes('btsnoop\0\0\0\0\x01'), EDITCAP],
    ['a Microsoft Network Monitor 1 file', bytes('RTSS\x01\x01'), EDITCAP],
    ['a Microsoft Network Monitor 2 file', bytes('GMBU\0\x02'), EDITCAP],
    ['a Sniffer file', bytes('TRSNIFF data    \x1a'), EDITCAP],
    ['a NetXRay or Sniffer for Windows file', bytes('XCP\x002.00'), EDITCAP],
    ['a Network Instruments Observer file', bytes('ObserverPktBufferVersion=15.00'), EDITCAP],
    ['an AIX iptrace file', bytes('iptrace 2.0'), EDITCAP],
    ['an AiroPeek or OmniPeek file', bytes('\x7fver\0\0'), EDITCAP],
    ['an Accellent 5Views file', bytes('5View\0'), EDITCAP],
    ["a pcap file in Navtel's format", buildPcap([], { magic: 0xa1e2cb12 }), EDITCAP],
    ['an IXIA pcap file (hardware timestamps)', buildPcap([], { magic: 0x1c0001ac, byteOrder: 'big' }), EDITCAP],
    ['an IXIA pcap file (software timestamps)', buildPcap([], { magic: 0x1c0001ab }), EDITCAP],
    ['a Windows event trace (ETL)', etlBuffer(), 'etl2pcapng it.pcap converted.pcapng'],
    ['an Endace ERF file', new Uint8Array([...erfRecord(), ...erfRecord()]), EDITCAP],
  ];
  for (const [format, content, command] of foreign) {
    it(`refused by name, with the command that makes it readable: ${format}`, () => {
      const error = read(content);
      expect(error).toMatchObject({ code: 'unsupported-format', byte: 0, failure: { format } });
      expect(error.message).toContain(`${command} (at byte 0)`);
    });
  }

  it('bytes that begin like pcapng without its byte order are none', () => {
    expect(read(bytes('\n\r\r\n some text\n'))).toMatchObject({ failure: { found: 'text' } });
  });

  it('one ERF-like record proves nothing', () => {
    expect(read(new Uint8Array(erfRecord())).code).toBe('not-a-capture');
  });
});

/** The head of a first buffer of 64 KiB, and the marker of its first event. */
function etlBuffer(): Uint8Array {
  const buffer = new Uint8Array(200);
  const view = new DataView(buffer.buffer);
  view.setUint32(0, 0x10000, true);
  view.setUint32(4, 0x1a8, true);
  buffer.set([0x02, 0, 0x02, 0xc0], 72);
  return buffer;
}

function erfRecord(): number[] {
  return [0, 0, 0, 0, 0, 0, 0, 0x60, 2, 0, 0, 20, 0, 0, 0, 4, 1, 2, 3, 4];
}

describe('a named pipe', () => {
  it.skipIf(process.platform === 'win32')('is read to its end through many short reads', () => {
    const built = Array.from({ length: 3000 }, (_, index) => ({
      timeNs: index,
      bytes: new Uint8Array(100).fill(index),
    }));
    const file = written('whole.pcap', buildPcap(built, { resolution: 'ns' }));
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    execFileSync('sh', ['-c', `cat "$0" > "$1" &`, file, pipe], { stdio: 'ignore' });
    const piped = readAll(openSource(pipe));
    expect(piped.records).toEqual(readAll(openSource(file)).records);
    expect(piped.facts.files[0]?.bytes).toBe(24 + 3000 * 116);
  });

  it('has no length, a file has', () => {
    const source = openSource(written('three.pcap', 'abc'));
    expect(source.sizeBytes).toBe(3);
    source.close();
  });
});
