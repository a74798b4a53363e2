import { openSource, readCapture } from '../src/capture/index.ts';

/** Reads a capture and walks its records, with nothing behind: what watchpcap's own reading costs. Prints their number. */
const { packets } = readCapture(openSource(process.argv[2] ?? ''), () => undefined);
process.stdout.write(`${packets}\n`);
