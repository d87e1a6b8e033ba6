/** What all gates share: a gate is a function from a root folder to the list of its problems. */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { capture, isProgram } from '../tools/run/process.mjs';
import { root as repositoryRoot } from '../tools/run/workspace.mjs';

/** Runs a gate when its file is the program: prints its problems, exits with 1 when there are any. */
export async function runGate(moduleUrl, name, check) {
  if (!isProgram(moduleUrl)) return;
  const at = process.argv.indexOf('--root');
  const root = at < 0 ? repositoryRoot : resolve(process.argv[at + 1]);
  const startedAtMs = Date.now();
  // What keeps a gate from looking is a problem too.
  const problems = await attempt(() => check(root, process.argv.slice(2)));
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
  const verdict = problems.length === 0 ? 'green' : `red, ${problems.length} problem(s)`;
  process.stdout.write(`${name}: ${verdict} (${seconds} s)\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

async function attempt(look) {
  try {
    return await look();
  } catch (error) {
    return [error.message];
  }
}

/** Turns the end of a child process into problems: none on exit code 0, else its output. */
export function problemsOf({ code, output }, label) {
  if (code === 0) return [];
  return [`${label} ended with exit code ${code}\n${output.trim()}`];
}

/** Returns a gate that runs a script of a tool in the root; that it fails is the problem. */
export function toolGate(label, script, args = []) {
  return async (root) => problemsOf(await capture(process.execPath, [script, ...args], { cwd: root }), label);
}

const SKIPPED = new Set([
  'node_modules',
  'dist',
  'fixtures',
  'test-results',
  'coverage',
  '.git',
  '.turbo',
  '.dml',
]);

/** Lists the files below `root` that satisfy `keep`, as sorted paths relative to it. */
export function filesBelow(root, keep, folder = '') {
  const found = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) found.push(...filesBelow(root, keep, path));
    else if (entry.isFile() && keep(path)) found.push(path);
  }
  return found.sort();
}
