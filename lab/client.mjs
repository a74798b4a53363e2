// A stand-in for client-go: one HTTP/2 connection, a reflector that LISTs and WATCHes in a loop, a PING after read-idle.
// Arguments: address, port, "request-ids" to send x-request-id; for TLS a file for its secrets. Commands, one JSON object a line on stdin:
// list {path}, reflect {path, timeoutSeconds}, exec {path}, exec-type, exec-end. It ends when stdin does.
import { appendFileSync } from 'node:fs';
import http2 from 'node:http2';
import tls from 'node:tls';
import { randomUUID } from 'node:crypto';
import { readEntries, tell } from './journal.mjs';

const USER_AGENT = 'kubelet/v1.18.20 (linux/amd64) kubernetes/1f3e19b';
const READ_IDLE_SECONDS = 30; // golang.org/x/net/http2 ReadIdleTimeout as client-go sets it
const PING_TIMEOUT_SECONDS = 15;
const BACKOFF_MIN_SECONDS = 0.8; // client-go's reflector: 800 ms, doubling, at most 30 s, jittered
const BACKOFF_MAX_SECONDS = 30;

const [address, port, option, keyLog] = process.argv.slice(2);
const sendRequestIds = option === 'request-ids';
let session;
let nextRequest = 1;
let exec;

function connectSecurely() {
  const socket = tls.connect({ host: address, port: Number(port), ALPNProtocols: ['h2'], rejectUnauthorized: false });
  socket.on('keylog', (line) => appendFileSync(keyLog, line));
  return socket;
}

function connect() {
  const opened =
    keyLog === undefined
      ? http2.connect(`http://${address}:${port}`)
      : http2.connect(`https://${address}:${port}`, { createConnection: connectSecurely });
  let idleTimer;
  const facts = () => ({ port: opened.localPort });
  opened.heard = () => {
    clearTimeout(idleTimer);
    idleTimer = setTimeout(() => ping(opened, facts), READ_IDLE_SECONDS * 1000);
  };
  opened.on('connect', (_, socket) => {
    opened.localPort = socket.localPort;
    tell('connected', facts());
    opened.heard();
  });
  opened.on('goaway', (code, lastStreamId) => tell('goaway-received', { ...facts(), code, lastStreamId }));
  opened.on('error', (error) => tell('connection-error', { ...facts(), error: error.code ?? error.message }));
  opened.on('close', () => {
    clearTimeout(idleTimer);
    tell('disconnected', facts());
  });
  return opened;
}

function ping(opened, facts) {
  if (opened.destroyed) return;
  const deadline = setTimeout(() => {
    tell('ping-unanswered', facts());
    opened.destroy();
  }, PING_TIMEOUT_SECONDS * 1000);
  tell('ping', facts());
  opened.ping((error) => {
    clearTimeout(deadline);
    if (error !== null) return;
    tell('ping-answered', facts());
    opened.heard();
  });
}

function usableSession() {
  if (session === undefined || session.closed || session.destroyed) session = connect();
  return session;
}

function headersFor(request) {
  const headers = {
    ':method': request.method,
    ':path': request.path,
    'user-agent': USER_AGENT,
    accept: 'application/json, */*',
    'x-lab-request': String(request.lab),
  };
  if (sendRequestIds) headers['x-request-id'] = request.requestId;
  return headers;
}

/** Sends a request; resolves with its end: { status, how: end-stream | rst-stream, code }. */
function send(kind, method, path, tag, onOpen = () => {}) {
  const on = usableSession();
  const request = { lab: nextRequest++, kind, method, path, tag, requestId: sendRequestIds ? randomUUID() : null };
  const stream = on.request(headersFor(request), { endStream: method === 'GET' });
  const facts = () => ({ lab: request.lab, kind, tag, stream: stream.id, port: on.localPort });
  let status = null;
  let body = '';
  let finished = false;
  const tellRequest = () => tell('request', { ...facts(), method, path, requestId: request.requestId });
  // On a connected session the stream is ready before anyone can listen for it.
  if (stream.pending) stream.once('ready', tellRequest);
  else tellRequest();
  stream.on('response', (headers) => {
    on.heard();
    status = headers[':status'];
    tell('response', { ...facts(), status });
  });
  stream.on('data', (chunk) => {
    on.heard();
    if (status !== 200 && body.length < 200) body += chunk;
    if (kind !== 'list') tell('data', { ...facts(), bytes: chunk.length });
  });
  stream.on('end', () => (finished = true));
  stream.on('error', () => {}); // told by 'close', which follows
  onOpen(stream);
  return new Promise((resolve) => {
    stream.on('close', () => {
      on.heard();
      const how = finished && stream.rstCode === 0 ? 'end-stream' : on.destroyed ? 'connection' : 'rst-stream';
      tell('ended', { ...facts(), status, how, code: stream.rstCode, body: status === 200 ? undefined : body });
      resolve({ status, how });
    });
  });
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** client-go's ListAndWatch: a watch that ends well is asked for again, anything else leads to a new LIST. */
async function listAndWatch(path, timeoutSeconds, backOff) {
  const list = await send('list', 'GET', `${path}?limit=500&resourceVersion=0`, 'reflector');
  if (list.status !== 200) return;
  backOff.reset();
  for (;;) {
    const query = `allowWatchBookmarks=true&resourceVersion=12345&timeoutSeconds=${timeoutSeconds}&watch=true`;
    const watch = await send('watch', 'GET', `${path}?${query}`, 'reflector');
    if (watch.status !== 200 || watch.how !== 'end-stream') return;
  }
}

async function reflect(path, timeoutSeconds) {
  let seconds = BACKOFF_MIN_SECONDS;
  const backOff = { reset: () => (seconds = BACKOFF_MIN_SECONDS) };
  for (;;) {
    await listAndWatch(path, timeoutSeconds, backOff);
    const wait = seconds * (1 + Math.random());
    seconds = Math.min(seconds * 2, BACKOFF_MAX_SECONDS);
    tell('backing-off', { seconds: wait });
    await pause(wait);
  }
}

const commands = {
  list: ({ path, tag }) => send('list', 'GET', path, tag),
  reflect: ({ path, timeoutSeconds }) => reflect(path, timeoutSeconds),
  exec: ({ path, tag }) => send('exec', 'POST', path, tag, (stream) => (exec = stream)),
  'exec-type': ({ text }) => exec.write(text),
  'exec-end': () => exec.end(),
};

usableSession();
readEntries(process.stdin, (command) => void commands[command.do](command));
process.stdin.on('end', () => process.exit(0));
