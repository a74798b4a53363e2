import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { Argument, type Command, Option } from 'commander';
import { EXIT } from './exit-status.ts';
import { Failure, reasonOf } from './failure.ts';

/** What commander makes of the option below. */
export interface FilesFromOption {
  /** A file of paths; `-` is standard input. */
  readonly filesFrom?: string;
}

const STANDARD_INPUT = '-';
const PATH_MAX_BYTES = 4096;
const PATHS_MAX = 4096;
/** More is no list, but most likely a capture that was given in the place of one. */
const LIST_MAX_BYTES = PATHS_MAX * PATH_MAX_BYTES;

/** The captures that a command reads: named one by one, in a list, or both. */
export function addFileArguments(command: Command): Command {
  return command
    .addArgument(
      new Argument('[file...]', 'pcap or pcapng, plain, gzip or zstd; a directory; - reads standard input').default([]),
    )
    .addOption(
      new Option('--files-from <file>', 'read the names of more files from a file, one a line; - reads standard input'),
    )
    .hook('preAction', (_, called) => {
      // An error of the command line like any other: it points at the help.
      const { filesFrom } = called.opts<FilesFromOption>();
      if (called.args.length === 0 && filesFrom === undefined) {
        called.error("error: missing argument 'file': name a capture, or a list of some with --files-from");
      }
    });
}

/**
 * The paths that were named, then those of the list, a line each; empty lines are passed over.
 * Throws Failure where the list cannot be read or is none, where it names nothing and nothing else is named, and where standard input would be list and capture.
 */
export async function filesOf(named: readonly string[], { filesFrom }: FilesFromOption): Promise<readonly string[]> {
  const listed = filesFrom === undefined ? [] : linesOf(await textOf(filesFrom));
  const files = [...named, ...listed];
  if (files.length === 0) throw new Failure(`--files-from ${filesFrom ?? ''}: no file is named in it`, EXIT.usage);
  if (filesFrom === STANDARD_INPUT && files.includes(STANDARD_INPUT))
    throw new Failure('--files-from -: standard input cannot be the list and a capture', EXIT.usage);
  return files;
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== '');
}

async function textOf(path: string): Promise<string> {
  const stream: Readable = path === STANDARD_INPUT ? process.stdin : createReadStream(path);
  const name = path === STANDARD_INPUT ? 'standard input' : path;
  const bytes = Buffer.concat(await chunksOf(stream, name));
  // POSIX: a path can hold any byte but this; every capture has one.
  if (bytes.includes(0)) throw new Failure(`${name}: is no list of files, one a line`, EXIT.usage);
  return bytes.toString('utf8');
}

async function chunksOf(stream: Readable, name: string): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let read = 0;
  try {
    for await (const chunk of stream) {
      const part: Uint8Array = chunk;
      chunks.push(part);
      read += part.length;
      if (read > LIST_MAX_BYTES) throw new Failure(`${name}: is too large for a list of files`, EXIT.usage);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${name}: cannot be read (${reasonOf(error)})`, EXIT.noInput);
  }
  return chunks;
}
