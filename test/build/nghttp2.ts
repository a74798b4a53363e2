import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { otherSide, type Side } from '../../src/tcp/index.ts';
import { portOf } from './relay.ts';

/** nghttp2's own programs as peers, and what they say of the frames that they sent and got. */

const NAMES = ['nghttp', 'h2load', 'nghttpd', 'nghttpx'] as const;
type Program = (typeof NAMES)[number];

const absent = NAMES.filter((name) => spawnSync(name, ['--version']).status !== 0);
/** What a test that needs them says of itself where some are absent; null where all are here. */
export const NGHTTP2_ABSENT: string | null =
  absent.length === 0
    ? null
    : `no ${absent.join(', ')} here (apt-get install nghttp2-client nghttp2-server nghttp2-proxy)`;

const RUN_MS = 120_000;
const START_MS = 60_000;
const LOG_MAX_BYTES = 16 * 1024 * 1024;

/** Runs a client to its end. @returns its standard output */
export async function run(program: Program, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, {
    encoding: 'latin1',
    timeout: RUN_MS,
    maxBuffer: LOG_MAX_BYTES,
    env: { ...process.env, ...env },
  });
  return stdout;
}

export interface Daemon {
  readonly port: number;
  /** Ends it. @returns what it had written on its standard output */
  stop(): Promise<string>;
}

/** @param argsFor its arguments, for the port on loopback that it is to listen on */
export async function start(program: Program, argsFor: (port: number) => readonly string[]): Promise<Daemon> {
  const port = await freePort();
  const child = spawn(program, argsFor(port), { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  const over = once(child, 'close');
  const stop = async (): Promise<string> => {
    child.kill();
    await over;
    return text;
  };
  for (const until = performance.now() + START_MS; !(await listens(port));) {
    if (performance.now() > until || child.exitCode !== null) {
      await stop();
      throw new Error(`${program} does not listen on ${port}: ${text}`);
    }
    await wait(20);
  }
  return { port, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/**
 * A frame as the log of a peer has it. A field block is one frame with the length of all its parts, whatever CONTINUATION it went on in.
 * `fields` are those of the design's allow-list; of PUSH_PROMISE there are none.
 */
export interface LoggedFrame {
  readonly type: string;
  readonly flags: number;
  readonly streamId: number;
  readonly length: number;
  readonly fields: Readonly<Record<string, string>>;
}

const LISTED_FIELDS: readonly string[] = [
  ':method',
  ':path',
  ':authority',
  ':status',
  'user-agent',
  'x-request-id',
  'traceparent',
  'grpc-status',
  'content-type',
  'server',
];

const FRAME =
  /^(?:\[id=(\d+)\] )?\[[ .\d]+\] (send|recv) ([A-Z_]+) frame <length=(\d+), flags=0x([\da-f]+), stream_id=(\d+)>$/;
/** Of a field block that came, its fields stand before its frame. */
const CAME = /^(?:\[id=\d+\] )?\[[ .\d]+\] recv \(stream_id=\d+(?:, sensitive)?\) (:?[^:]+): (.*)$/;
/** Of one that is sent, behind it. */
const SENT = /^ {10}(:?[a-z\d-]+): (.*)$/;

/**
 * The frames of a log that `-v` makes, by the side of the connection that sent them.
 * @param logger  the side whose log it is
 * @param id      of the connection, where the log has several
 */
export function framesOfLog(log: string, logger: Side, id?: number): [LoggedFrame[], LoggedFrame[]] {
  const frames: [LoggedFrame[], LoggedFrame[]] = [[], []];
  let came: Record<string, string> = {};
  let sent: Record<string, string> = {};
  for (const line of log.split('\n')) {
    noteField(came, CAME.exec(line));
    noteField(sent, SENT.exec(line));
    const frame = FRAME.exec(line);
    if (frame === null) continue;
    const [, of, verb, type = '', length, flags = '', streamId] = frame;
    const isOwn = verb === 'send';
    const fields = isOwn ? {} : came;
    if (isOwn) sent = fields;
    else if (type === 'HEADERS' || type === 'PUSH_PROMISE') came = {};
    if (id !== undefined && Number(of) !== id) continue;
    frames[isOwn ? logger : otherSide(logger)].push({
      type,
      flags: Number.parseInt(flags, 16),
      streamId: Number(streamId),
      length: Number(length),
      fields: type === 'HEADERS' ? fields : {},
    });
  }
  return frames;
}

function noteField(fields: Record<string, string>, line: RegExpExecArray | null): void {
  const [, name = '', value = ''] = line ?? [];
  if (LISTED_FIELDS.includes(name)) fields[name] = value;
}
