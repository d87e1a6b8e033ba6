/**
 * Gate: the two commands of the README work in a fresh copy of the tree, in a path with spaces, on the oldest Node
 * line, and after the first install without a network. Of the tests run those that depend on the version of Node.
 *
 * Copy and temporary files lie below a `package.json` that says nothing, so that Node reads files as on the machine of
 * somebody who tries this for the first time, whatever lies above the temporary files of this machine.
 *
 * Without a network means: where the system lets us, in a network namespace that has no interface at all, and
 * everywhere with a registry and a proxy that nobody answers, so that whoever asks for something fails at once.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { capture, say } from '../tools/run/process.mjs';
import { problemsOf, runGate } from './gate.mjs';
import { nodeOf, OLDEST, withNode } from './nodes.mjs';

/** Tests that depend on the version of Node, as vitest gets them: of threads, modules, streams, files and processes. */
export const DEPENDENT = [
  'packages/cli/test/journeys',
  'packages/cli/test/pipeline-process',
  'packages/cli/test/start-and-run',
  'packages/cli/test/output-of-code',
  'packages/bindings/test/',
  'packages/capture/',
  'packages/execution/src/worker/',
  'packages/store/src/engine/',
];

/** Folders that a checkout does not hold: anywhere, and in the root. */
const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.turbo', '.dml', '.demo']);
const LEFT_OUT_OF_ROOT = new Set(['test-results', 'coverage']);

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
  const { PATH } = withNode(await nodeOf(OLDEST));
  const scratch = mkdtempSync(join(tmpdir(), 'daggerml clean checkout '));
  writeFileSync(join(scratch, 'package.json'), '{}');
  const copy = join(scratch, 'a copy');
  const files = join(scratch, 'temporary files');
  mkdirSync(files);
  const temporary = { PATH, TMPDIR: files, TEMP: files, TMP: files };
  const offline = { ...OFFLINE, ...temporary };
  try {
    cpSync(root, copy, { recursive: true, filter: (path) => path === root || isCheckedOut(path, root) });
    const demo = await npm(copy, ['run', 'demo'], temporary);
    if (demo.code !== 0) return problemsOf(demo, 'npm run demo');
    const again = await npm(copy, ['run', 'demo'], offline);
    const test = await npm(copy, ['test', '--', ...DEPENDENT], offline);
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

function isCheckedOut(path, root) {
  const name = basename(path);
  return !LEFT_OUT.has(name) && !(LEFT_OUT_OF_ROOT.has(name) && dirname(path) === root);
}

/** Runs npm in the copy, with nothing of the npm that may have started us. */
async function npm(cwd, args, extra) {
  const isOffline = extra.npm_config_registry === NOBODY;
  say(`npm ${args.join(' ')}${isOffline ? ', without a network' : ''} …`);
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_|INIT_CWD|VITEST|DAGGERML_)/i.test(name),
  );
  const env = { ...Object.fromEntries(inherited), ...extra };
  const [program, ...rest] = isOffline && canCutOff ? [...CUT_OFF, 'npm', ...args] : ['npm', ...args];
  return capture(program, rest, { cwd, env, shell: process.platform === 'win32' });
}

await runGate(import.meta.url, 'clean-checkout', check);
