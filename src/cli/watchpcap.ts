#!/usr/bin/env node
import { EXIT } from './exit-status.ts';
import { main } from './main.ts';

// A reader that has seen enough (`| head`) closes the pipe: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`watchpcap: standard output cannot be written (${error.code ?? error.message})\n`);
  process.exit(EXIT.internal);
});

process.exitCode = await main(process.argv.slice(2));
