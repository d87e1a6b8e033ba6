/**
 * Servers that speak S3: where they come from and how they are started.
 *
 * Each is fetched once, by the client of its registry, into node_modules/.cache/servers/<name>-<version>.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { capture } from '../../tools/run/process.mjs';
import { root } from '../../tools/run/workspace.mjs';

/** Credentials that servers are told, where they can be told any. */
const KEYS = { accessKey: 'test', secretKey: 'testtest' };

/** Folders in which the installers of languages put their programs, where PATH does not name them. */
const PROGRAM_FOLDERS = ['/usr/local/go/bin', join(process.env.HOME ?? '/root', '.cargo/bin')];
const environment = {
  ...process.env,
  PATH: [process.env.PATH, ...PROGRAM_FOLDERS].join(delimiter),
  // No other version of a compiler is fetched.
  GOTOOLCHAIN: 'local',
};

const { accessKey, secretKey } = KEYS;
const loopback = '127.0.0.1';

/** Returns versitygw, compiled with flags. */
function versitygw(flags) {
  return {
    version: '1.8.0',
    keys: KEYS,
    get: (folder) => [
      {
        program: 'go',
        args: [
          ...['install', ...flags, '-ldflags', '-s -w'],
          'github.com/versity/versitygw/cmd/versitygw@v1.8.0',
        ],
        env: { GOBIN: folder },
      },
    ],
    start: ({ folder, data, port, options = [], backend = [] }) => ({
      program: join(folder, 'versitygw'),
      args: [
        ...['--access', accessKey, '--secret', secretKey, '--port', `${loopback}:${port}`, '--quiet'],
        ...options,
        ...['posix', ...backend, data],
      ],
    }),
  };
}

/**
 * Programs by name: `get` returns the commands that fill a folder, `start` the command of a server that keeps what it is
 * given in `data`, and `keys` credentials that it takes.
 */
export const PROGRAMS = {
  // Compiled in two thirds of the time without optimisation, and quick enough for tests.
  versitygw: versitygw(['-gcflags=all=-N -l']),
  'versitygw-optimised': versitygw([]),
  ministack: {
    version: '1.5.33',
    keys: KEYS,
    get: (folder) => [
      { program: 'python3', args: ['-m', 'venv', folder] },
      {
        program: join(folder, 'bin/pip'),
        args: ['install', '--quiet', '--disable-pip-version-check', 'ministack==1.5.33'],
      },
    ],
    start: ({ folder, data, port }) => ({
      program: join(folder, 'bin/python'),
      args: [join(folder, 'bin/ministack')],
      env: { BIND_HOST: loopback, GATEWAY_PORT: String(port), HOME: data, TMPDIR: data },
    }),
  },
  s3rver: {
    version: '3.7.1',
    keys: { accessKey: 'S3RVER', secretKey: 'S3RVER' },
    get: (folder) => [
      {
        program: 'npm',
        args: ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', 's3rver@3.7.1'],
        cwd: folder,
      },
    ],
    start: ({ folder, data, port }) => ({
      program: process.execPath,
      args: [
        join(folder, 'node_modules/s3rver/bin/s3rver.js'),
        ...['--address', loopback, '--port', String(port), '--directory', data, '--silent'],
      ],
    }),
  },
  's3s-fs': {
    version: '0.14.1',
    keys: KEYS,
    get: (folder) => [
      {
        program: 'cargo',
        args: [
          'install',
          's3s-fs',
          '--version',
          '0.14.1',
          '--features',
          'binary',
          '--root',
          folder,
          // Without optimisation too: in half of the time.
          '--debug',
          '--quiet',
        ],
      },
    ],
    start: ({ folder, data, port }) => ({
      program: join(folder, 'bin/s3s-fs'),
      args: [
        ...['--access-key', accessKey, '--secret-key', secretKey],
        ...['--host', loopback, '--port', String(port), data],
      ],
    }),
  },
};

/** Returns the folder of a program; `isThere` says whether it is complete. */
export function placeOf(name) {
  const folder = join(root, 'node_modules/.cache/servers', `${name}-${PROGRAMS[name].version}`);
  return { folder, isThere: existsSync(join(folder, 'complete')) };
}

/** Fetches a program unless it is there; returns undefined, or in one line why it cannot be had. */
export async function fetchProgram(name) {
  const { folder, isThere } = placeOf(name);
  if (isThere) return undefined;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (name === 's3rver') writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  for (const { program, args, env, cwd } of PROGRAMS[name].get(folder)) {
    const options = { cwd: cwd ?? root, env: { ...environment, ...env } };
    const ended = await capture(program, args, options).catch((error) => ({
      output: error.message,
    }));
    if (ended.code === 0) continue;
    const reason = ended.output.trim().split('\n').at(-1);
    return `${name} ${PROGRAMS[name].version} cannot be had: ${program} ${args[0]}: ${reason}`;
  }
  writeFileSync(join(folder, 'incomplete'), '');
  renameSync(join(folder, 'incomplete'), join(folder, 'complete'));
  return undefined;
}
