// A stand-in for kube-apiserver on HTTP/2, in the clear or in TLS: LIST, WATCH with irregular events and bookmarks, a silent exec.
// Arguments: name, address, port; for TLS also certificate, key and a file for its secrets. Commands, one JSON object a line on stdin: quiet, talk, graceful-stop, start.
// It ends when stdin does, so that it cannot outlive the script that started it.
import { appendFileSync, readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { readEntries, tell } from './journal.mjs';

const BOOKMARK_SECONDS = 60; // kube-apiserver sends one about each minute
const EVENT_MIN_SECONDS = 1;
const EVENT_MAX_SECONDS = 20;
const LIST_ITEMS = 8;
const DRAIN_SECONDS = 2; // between the GOAWAY that warns and the one that ends, as Go's HTTP/2 server does
const MAX_STREAM_ID = 2 ** 31 - 1;

const [name, address, port, certificate, key, keyLog] = process.argv.slice(2);
const sessions = new Set();
const watches = new Set();
let quiet = false;
let resourceVersion = 12345;
let server;

function pod(index) {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name: `web-${index}`,
      namespace: 'default',
      uid: `6c1f0a52-0000-4000-8000-${String(index).padStart(12, '0')}`,
      resourceVersion: String(resourceVersion),
      labels: { app: 'web', 'pod-template-hash': '5d4f8c7b9' },
    },
    spec: {
      nodeName: `node-${index % 3}`,
      containers: [{ name: 'web', image: 'web:1.0', ports: [{ containerPort: 8080 }] }],
    },
    status: { phase: 'Running', podIP: `10.244.${index % 3}.${index}`, qosClass: 'BestEffort' },
  };
}

function answerList(stream) {
  const items = Array.from({ length: LIST_ITEMS }, (_, index) => pod(index));
  const list = { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: String(resourceVersion) }, items };
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  stream.end(`${JSON.stringify(list)}\n`);
}

function writeEvent(watch, type) {
  resourceVersion += 1 + Math.floor(Math.random() * 5);
  const bookmark = { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: String(resourceVersion) } };
  const object = type === 'BOOKMARK' ? bookmark : pod(Math.floor(Math.random() * LIST_ITEMS));
  const text = `${JSON.stringify({ type, object })}\n`;
  watch.stream.write(text);
  tell('event', { ...watch.facts, type, resourceVersion, bytes: text.length });
}

function scheduleEvent(watch) {
  const seconds = EVENT_MIN_SECONDS + Math.random() * (EVENT_MAX_SECONDS - EVENT_MIN_SECONDS);
  watch.eventTimer = setTimeout(() => {
    if (!quiet) writeEvent(watch, 'MODIFIED');
    scheduleEvent(watch);
  }, seconds * 1000);
}

function endWatch(watch, why) {
  clearTimeout(watch.eventTimer);
  clearInterval(watch.bookmarkTimer);
  clearTimeout(watch.deadline);
  if (!watches.delete(watch) || watch.stream.destroyed) return;
  watch.stream.end();
  tell('watch-ended', { ...watch.facts, why });
}

function answerWatch(stream, url, facts) {
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  const watch = { stream, facts };
  watches.add(watch);
  scheduleEvent(watch);
  watch.bookmarkTimer = setInterval(() => {
    if (!quiet) writeEvent(watch, 'BOOKMARK');
  }, BOOKMARK_SECONDS * 1000);
  // The watch's timeout is the server's to enforce: a server cut off from its client cannot.
  const seconds = Number(url.searchParams.get('timeoutSeconds') ?? 1800);
  watch.deadline = setTimeout(() => endWatch(watch, 'timeoutSeconds'), seconds * 1000);
  stream.on('close', () => endWatch(watch, 'closed'));
}

function answerExec(stream, facts) {
  stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' });
  stream.write('/ # ');
  stream.on('data', (chunk) => {
    tell('exec-input', { ...facts, bytes: chunk.length });
    stream.write(`${chunk}/ # `);
  });
  stream.on('end', () => stream.end());
}

function answer(stream, headers) {
  const url = new URL(headers[':path'], 'http://apiserver');
  const facts = {
    server: name,
    gatewayPort: stream.session.socket.remotePort,
    stream: stream.id,
    lab: Number(headers['x-lab-request'] ?? 0),
  };
  tell('request', {
    ...facts,
    method: headers[':method'],
    path: headers[':path'],
    requestId: headers['x-request-id'] ?? null,
  });
  stream.on('error', (error) => tell('stream-error', { ...facts, error: error.code ?? error.message }));
  stream.on('close', () => tell('stream-closed', { ...facts, code: stream.rstCode }));
  if (url.pathname.endsWith('/exec')) answerExec(stream, facts);
  else if (url.searchParams.get('watch') === 'true') answerWatch(stream, url, facts);
  else answerList(stream);
}

function greet(session) {
  const facts = { server: name, gatewayPort: session.socket.remotePort };
  sessions.add(session);
  tell('connected', facts);
  session.on('error', (error) => tell('connection-error', { ...facts, error: error.code ?? error.message }));
  session.on('goaway', (code) => tell('goaway-received', { ...facts, code }));
  session.on('close', () => {
    sessions.delete(session);
    tell('disconnected', facts);
  });
}

function start() {
  if (certificate === undefined) server = http2.createServer();
  else {
    server = http2.createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) });
    server.on('keylog', (line) => appendFileSync(keyLog, line));
  }
  server.on('session', greet);
  server.on('stream', answer);
  server.listen(Number(port), address, () => tell('listening', { server: name, address, port: Number(port) }));
}

function stopGracefully() {
  server.close();
  tell('graceful-stop', { server: name });
  for (const session of sessions) session.goaway(0, MAX_STREAM_ID);
  setTimeout(() => {
    for (const watch of watches) endWatch(watch, 'graceful-stop');
    for (const session of sessions) session.close();
  }, DRAIN_SECONDS * 1000);
}

const commands = {
  quiet: () => (quiet = true),
  talk: () => (quiet = false),
  'graceful-stop': stopGracefully,
  start,
};

start();
readEntries(process.stdin, (command) => {
  commands[command.do]();
  tell('obeyed', { server: name, command: command.do });
});
process.stdin.on('end', () => process.exit(0));
