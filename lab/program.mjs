// One program inside one namespace: started, listened to, and stopped by its own process id.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readEntries } from './journal.mjs';

const STOP_GRACE_SECONDS = 5;

/**
 * Starts `command` in a namespace.
 * @param options.maxSeconds  the program is ended after that long, by coreutils' `timeout`, even if this script is killed
 * @param options.log         a file that gets its standard error
 * @returns { entries, send, waitFor, stop, exited }
 */
export function startProgram(namespace, command, options) {
  const argv = ['netns', 'exec', namespace, 'timeout', '--kill-after=5', String(options.maxSeconds), ...command];
  // A group of its own, so that Ctrl-C reaches this script only, which then stops its programs in order.
  const child = spawn('ip', argv, { detached: true, stdio: 'pipe', env: { ...process.env, ...options.env } });
  const entries = [];
  const waiting = new Set();
  child.stderr.pipe(createWriteStream(options.log));
  child.stdin.on('error', () => {}); // the program has gone; `exited` tells
  readEntries(child.stdout, (entry) => {
    entries.push(entry);
    for (const check of waiting) check();
  });
  const exited = new Promise((resolve) => child.on('exit', resolve));

  function waitFor(matches, seconds, what) {
    return new Promise((resolve, reject) => {
      const done = (act) => {
        clearTimeout(timer);
        waiting.delete(check);
        act();
      };
      const check = () => {
        const found = entries.find(matches);
        if (found !== undefined) done(() => resolve(found));
      };
      const timer = setTimeout(
        () => done(() => reject(new Error(`waited ${seconds} s in vain for ${what}`))),
        seconds * 1000,
      );
      waiting.add(check);
      check();
    });
  }

  async function stop() {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.stdin.end();
    process.kill(child.pid, 'SIGTERM');
    const timer = setTimeout(() => process.kill(child.pid, 'SIGKILL'), STOP_GRACE_SECONDS * 1000);
    await exited;
    clearTimeout(timer);
  }

  return {
    entries,
    waitFor,
    stop,
    exited,
    pid: child.pid,
    send: (command) => child.stdin.write(`${JSON.stringify(command)}\n`),
  };
}
