/**
 * Runs the test suite on other Node lines and ends with the counts of all of them. The tests of the gates are
 * left out: what they look at does not depend on the Node they run on. On all but the newest line, only the tests
 * run of what uses threads, modules, streams, files and processes.
 *
 * `node ci/matrix.mjs [line …]`, 22 and 24 when none is given. The Node of a line comes from the npm registry
 * and is kept in node_modules/.cache/node, so that later runs need no network.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { build } from '../tools/run/build.mjs';
import { capture, isProgram, say } from '../tools/run/process.mjs';
import { runSuite } from '../tools/run/suite.mjs';
import { root } from '../tools/run/workspace.mjs';

const LINES = ['22', '24'];
const NEWEST = '24';
const DEPENDENT = [
  'packages/cli/',
  'packages/bindings/test/',
  'packages/execution/',
  'packages/store/src/engine/',
];

/** Runs the suite once per line; a line that cannot be fetched or breaks is a failure of its own. */
export async function runMatrix(lines, { fetch = fetchNode, suite = runSuite, tell = print } = {}) {
  const total = { passed: 0, failed: 0 };
  for (const line of lines) {
    const counts = await runLine(line, fetch, suite).catch((error) => {
      tell(`FAILED Node ${line}: ${error.message}`);
      return { passed: 0, failed: 1 };
    });
    tell(`Node ${line}: ${counts.passed} passed, ${counts.failed} failed`);
    total.passed += counts.passed;
    total.failed += counts.failed;
  }
  return total;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}

async function runLine(line, fetch, suite) {
  const node = await fetch(line);
  say(`running the tests on Node ${line} …`);
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  return suite({ node, env, args: argsFor(line), label: `Node ${line}: ` });
}

/** Returns what narrows the suite on a line. */
export function argsFor(line) {
  return ['--project', '!ci', ...(line === NEWEST ? [] : DEPENDENT)];
}

/** Yields the path of a Node of the given line, fetched once. */
async function fetchNode(line) {
  const folder = join(root, 'node_modules/.cache/node', line);
  const name = `node-${process.platform}-${process.arch}`;
  const node = join(folder, 'node_modules', name, 'bin/node');
  if (!existsSync(node)) {
    say(`fetching Node ${line} …`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const args = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${line}`];
    const installed = await capture('npm', args, { cwd: folder, shell: process.platform === 'win32' });
    if (installed.code !== 0) throw new Error(`npm install ${name}@${line} failed\n${installed.output}`);
  }
  const { stdout } = await capture(node, ['--version']);
  if (!stdout.startsWith(`v${line}.`)) throw new Error(`expected Node ${line}, got ${stdout.trim()}`);
  return node;
}

if (isProgram(import.meta.url)) {
  await build();
  const lines = process.argv.slice(2);
  const total = await runMatrix(lines.length > 0 ? lines : LINES);
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}
