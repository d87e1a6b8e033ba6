/**
 * Gate: processes that do not trust or cannot see each other keep the promises of one store.
 *
 * Two users with `/proc` hidden from each other, two process namespaces with equal numbers, sessions that others end by
 * force, commands killed in another namespace. Users and namespaces need root; what this machine cannot play is named and left out. `--rounds 50` plays each 50 times,
 * `--only <name>` one of them, `--unfenced` with writers that go on after they were taken for dead, which is red.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runGate } from './gate.mjs';

/** Rounds of each encounter by default. */
const ROUNDS = 2;

/** Returns what is wrong in the figures of a run. */
export function problemsOf({ figures }) {
  const problems = figures.flatMap(({ name, broken }) => broken.map((problem) => `${name}: ${problem}`));
  if (figures.length === 0 || figures.some(({ rounds }) => rounds === 0)) problems.push('nothing was played');
  return problems;
}

function works(...command) {
  return spawnSync(command[0], command.slice(1), { stdio: 'ignore' }).status === 0;
}

const AS_ANOTHER = ['setpriv', '--reuid', '1001', '--regid', '1001', '--clear-groups'];

/** Returns what this machine lets a process do. */
function abilities() {
  return {
    users: works(...AS_ANOTHER, process.execPath, '--version'),
    namespaces: works('unshare', '--pid', '--fork', '--kill-child', '--mount-proc', 'true'),
    hiddenProc: works('unshare', '--mount', 'mount', '-t', 'proc', '-o', 'hidepid=2', 'proc', '/proc'),
  };
}

/** Returns the problems; `tell` gets the counts. */
export async function check(_root, args = [], tell = (text) => process.stdout.write(text)) {
  const text = { type: 'string' };
  const options = { root: text, rounds: text, only: text, unfenced: { type: 'boolean' } };
  const { values } = parseArgs({ args, options });
  const { runStrangers } = await import('../packages/store/test/dist/test/crash/stranger-runs.js');
  const folder = mkdtempSync(join(tmpdir(), 'dml-isolation-'));
  chmodSync(folder, 0o755);
  try {
    const played = await runStrangers({
      folder,
      rounds: Number(values.rounds ?? ROUNDS),
      abilities: abilities(),
      unfenced: values.unfenced === true,
      only: values.only,
    });
    for (const { broken, ...figures } of played.figures)
      tell(`${JSON.stringify({ ...figures, broken: broken.length })}\n`);
    for (const name of played.notRun) tell(`not run: ${name} (needs root, setpriv and unshare)\n`);
    return problemsOf(played);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await runGate(import.meta.url, 'isolation', check);
