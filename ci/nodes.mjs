/**
 * The Node lines between which everything has to work: the oldest and the newest.
 *
 * The Node of a line comes from the npm registry, unless the one that runs us is of that line, and is kept in
 * node_modules/.cache/node, so that later runs need no network.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { capture, say } from '../tools/run/process.mjs';
import { root } from '../tools/run/workspace.mjs';

export const OLDEST = '20';
export const NEWEST = '24';

/** Returns our environment with a Node in front of all others. */
export function withNode(node) {
  return { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
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
