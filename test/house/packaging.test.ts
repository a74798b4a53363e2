import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
interface Packed {
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

describe('what npm would publish', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  let packed: Packed = { unpackedSize: 0, files: [] };
  let paths: readonly string[] = [];

  beforeAll(() => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'];
    // Who runs the tests may have no home that can be written to.
    const cache = mkdtempSync(join(tmpdir(), 'watchpcap-npm-'));
    const env = { ...process.env, npm_config_cache: cache };
    const [answer] = JSON.parse(execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', env })) as Packed[];
    rmSync(cache, { recursive: true });
    packed = answer ?? packed;
    paths = packed.files.map(({ path }) => path);
  });

  test('holds the command, the library and the sample of the README', () => {
    expect(paths).toEqual(
      expect.arrayContaining([
        'dist/watchpcap.js',
        'dist/index.js',
        'samples/gateway.pcap',
        'schema/report.schema.json',
        'README.md',
        'CHANGELOG.md',
        'LICENSE',
      ]),
    );
  });

  test('holds no sources, tests, benchmark or lab', () => {
    expect(paths.filter((path) => /^(src|test|bench|lab|\.ci)\//.test(path))).toEqual([]);
    // With its types, which `npm test` builds anew without: 2.2 MB.
    expect(packed.unpackedSize).toBeLessThan(2_500_000);
  });

  test('the command is a script for node', () => {
    const command = manifest.bin['watchpcap'] ?? 'no command is declared';
    expect(readFileSync(join(ROOT, command), 'utf8').split('\n', 1)).toEqual(['#!/usr/bin/env node']);
  });

  /** The first `npx watchpcap` in a folder installs the package from itself, which runs `prepare` a second time: 16 s of CPU. */
  test('npx builds nothing that is built', () => {
    const command = join(ROOT, 'dist/watchpcap.js');
    const before = statSync(command).mtimeMs;
    const env = { ...process.env, npm_command: 'exec' };
    execFileSync('sh', ['-c', manifest.scripts['prepare'] ?? 'false'], { cwd: ROOT, env, timeout: 120_000 });
    expect(statSync(command).mtimeMs).toBe(before);
  });

  test('every dependency is pinned to one version', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});

/** Where npm drops a package of another platform from the lock file, `npm ci` refuses the whole file on a fresh clone. */
test('the lock file has every optional package that the locked ones ask for', () => {
  interface Locked {
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  }
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages))
      .map((name) => `${path}: ${name}`),
  );
  expect(missing).toEqual([]);
});
