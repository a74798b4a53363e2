import { defineConfig } from 'rolldown';

/**
 * One bundled command: forty small modules would cost 25 ms to load. The text report is a chunk of its own, loaded when it is printed.
 *
 * This bundler keeps top-level constants `const`. One that makes them `var` costs the wire pass a tenth and more, since the engine
 * cannot fold what may change.
 */
export default defineConfig({
  input: { watchpcap: 'src/cli/watchpcap.ts', index: 'src/index.ts' },
  platform: 'node',
  output: {
    dir: 'dist',
    format: 'esm',
    cleanDir: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    comments: false,
  },
});
