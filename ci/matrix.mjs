/**
 * Runs the test suite on a Node line: all of it on the newest, whose results are the evidence that spec-check reads,
 * and on any other what depends on the version, which is what uses threads, modules, streams, files and processes.
 *
 * `node ci/matrix.mjs [line]`, the newest when none is given. The Node of a line comes from the npm registry, unless
 * the one that runs us is of that line, and is kept in node_modules/.cache/node, so that later runs need no network.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { build } from '../tools/run/build.mjs';
import { capture, isProgram, say, script } from '../tools/run/process.mjs';
import { runSuite } from '../tools/run/suite.mjs';
import { root } from '../tools/run/workspace.mjs';

/** The Node lines between which everything has to work. */
export const OLDEST = '20';
export const NEWEST = '24';

/** Tests that depend on the version of Node, as vitest is told. */
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

/** Runs the suite on a line; a line that cannot be fetched is a failure, and the suite then runs on our own Node. */
export async function runLine(line, { fetch = nodeOf, suite = runSuite, tell = print } = {}) {
  const problems = [];
  const node = await fetch(line).catch((error) => {
    problems.push(`FAILED Node ${line}: ${error.message}`);
    return process.execPath;
  });
  say(`running the tests on Node ${line} …`);
  const args = line === NEWEST ? [] : DEPENDENT;
  const folder = join(root, 'test-results');
  const { passed, failed } = await suite({
    node,
    env: withNode(node),
    args,
    folder,
    label: `Node ${line}: `,
  });
  for (const problem of problems) tell(problem);
  return { passed, failed: failed + problems.length };
}

/** Returns our environment with a Node in front of all others. */
export function withNode(node) {
  return { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
}

function print(line) {
  process.stdout.write(`${line}\n`);
}

/** Returns the path of a Node of the given line, fetched once. */
export async function nodeOf(line) {
  if (process.version.startsWith(`v${line}.`)) return process.execPath;
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

if (isProgram(import.meta.url))
  await script(async () => {
    await build();
    const { passed, failed } = await runLine(process.argv[2] ?? NEWEST);
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
    return failed > 0 ? 1 : 0;
  });
