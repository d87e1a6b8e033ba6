/**
 * Gate: the two commands of the README work in a fresh copy of the tree, in a path with spaces, and after the
 * first install without a network.
 *
 * Without a network means: where the system lets us, in a network namespace that has no interface at all, and
 * everywhere with a registry and a proxy that nobody answers, so that whoever asks for something fails at once.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { capture, say } from '../tools/run/process.mjs';
import { problemsOf, runGate } from './gate.mjs';

const LEFT_OUT = new Set([
  'node_modules',
  'dist',
  'test-results',
  'coverage',
  '.git',
  '.turbo',
  '.dml',
  '.demo',
]);

const NOBODY = 'http://127.0.0.1:9/';
const OFFLINE = {
  npm_config_registry: NOBODY,
  npm_config_fetch_retries: '0',
  HTTP_PROXY: NOBODY,
  HTTPS_PROXY: NOBODY,
  http_proxy: NOBODY,
  https_proxy: NOBODY,
};
const CUT_OFF = ['unshare', '--map-root-user', '--net'];
const canCutOff =
  process.platform === 'linux' && spawnSync(CUT_OFF[0], [...CUT_OFF.slice(1), 'true']).status === 0;

export async function check(root) {
  const scratch = mkdtempSync(join(tmpdir(), 'daggerml clean checkout '));
  const copy = join(scratch, 'a copy');
  try {
    cpSync(root, copy, { recursive: true, filter: (path) => path === root || !LEFT_OUT.has(basename(path)) });
    const demo = await npm(copy, ['run', 'demo']);
    if (demo.code !== 0) return problemsOf(demo, 'npm run demo');
    const again = await npm(copy, ['run', 'demo'], OFFLINE);
    // One project stands for all: the whole suite has its own part.
    const test = await npm(copy, ['test', '--', '--project', 'run'], OFFLINE);
    return [
      ...problemsOf(again, 'npm run demo, without a network'),
      ...problemsOf(test, 'npm test, without a network'),
      ...(/\n\d+ passed, 0 failed\s*$/.test(test.stdout)
        ? []
        : ['npm test does not end with passing counts']),
    ];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Runs npm in the copy, with nothing of the npm that may have started us. */
async function npm(cwd, args, extra = {}) {
  const isOffline = extra === OFFLINE;
  say(`npm ${args.join(' ')}${isOffline ? ', without a network' : ''} …`);
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_|INIT_CWD|VITEST|DAGGERML_)/i.test(name),
  );
  const env = { ...Object.fromEntries(inherited), ...extra };
  const [program, ...rest] = isOffline && canCutOff ? [...CUT_OFF, 'npm', ...args] : ['npm', ...args];
  return capture(program, rest, { cwd, env, shell: process.platform === 'win32' });
}

await runGate(import.meta.url, 'clean-checkout', check);
