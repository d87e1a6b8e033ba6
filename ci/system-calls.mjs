/**
 * Gate: whatever call on a store's files the operating system refuses once, a command says so and nothing is lost.
 *
 * Every command of `dml` that uses the repository is run again and again, each time with another call refused: opening,
 * mapping, locking, reading, writing and syncing of data.mdb and lock.mdb, each with errors of the system in turn. It
 * must do its work or end with an error that names the system's error; it must not die by a signal, call a whole store
 * damaged, or leave one that is. Calls are refused by strace; where it does not work, that is named and nothing runs.
 * A sample of the calls is taken. `--only 'gc --compact'` runs one command, `--program` another `dml`.
 *
 * Some calls are known to end the process by a signal: those that the engine makes within its own opening. They are
 * counted apart; docs/decisions/0028-locks-of-the-kernel.md says why.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root as repositoryRoot } from '../tools/run/workspace.mjs';
import { runGate } from './gate.mjs';
import { byStrace, canTrace, runDml } from './system-calls/refusers.mjs';

const ERRNOS = ['EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'EACCES', 'EAGAIN', 'ENOSPC'];

/** Commands that use a repository in every way there is. */
const COMMANDS = [
  ['branch'],
  ['show', 'work'],
  ['run', 'pipeline.mjs'],
  ['run', 'other.mjs'],
  ['branch', 'feature'],
  ['gc'],
  ['gc', '--compact'],
  ['verify'],
];

const PIPELINE = (name, value) => `
  import { definePipeline, functions } from '@daggerml/bindings';
  const steps = functions(new URL('./steps.mjs', import.meta.url));
  export const pipeline = definePipeline('${name}', async (dag) => dag.call(steps.increment, ${value}));
`;

/** Makes a project with a repository, some history and some garbage, to be copied for each run. */
function makeProject(program, folder) {
  mkdirSync(join(folder, 'node_modules/@daggerml'), { recursive: true });
  symlinkSync(join(repositoryRoot, 'packages/bindings'), join(folder, 'node_modules/@daggerml/bindings'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'steps.mjs'), 'export const increment = (value) => value + 1;\n');
  writeFileSync(join(folder, 'pipeline.mjs'), PIPELINE('work', 1));
  writeFileSync(join(folder, 'other.mjs'), PIPELINE('other', 2));
  for (const args of [['init'], ['run', 'pipeline.mjs'], ['run', 'other.mjs'], ['dag', 'delete', 'other']]) {
    const { status, stderr } = runDml(program, { folder, args });
    if (status !== 0) throw new Error(`dml ${args.join(' ')}: ${stderr}`);
  }
}

/** Returns the calls to refuse: one of each third kind and file, early, late or in the middle by turns. */
function chosen(calls, turn) {
  const numbered = new Map();
  const next = (key) => numbered.set(key, (numbered.get(key) ?? 0) + 1).get(key);
  const all = calls.map((call) => ({ ...call, nth: next(`${call.name} ${call.file}`) }));
  const groups = new Map();
  for (const call of all) {
    const key = `${call.call} ${call.file}`;
    groups.set(key, [...(groups.get(key) ?? []), call]);
  }
  return [...groups.values()]
    .filter((_, index) => (turn + index) % 3 === 0)
    .map((group, index) => group[Math.floor(((turn + index) % 3) * 0.5 * (group.length - 1))]);
}

/**
 * The calls that the engine makes within its own opening, once it has noted the file: when one of them fails, it
 * frees twice what it has noted. Recognised by how the tracer writes them.
 */
const WITHIN_OPENING = [
  /openat\(.*lock\.mdb", O_RDWR\|O_CREAT\|O_CLOEXEC/,
  /openat\(.*data\.mdb", O_RDWR\|O_CREAT, /,
  /openat\(.*data\.mdb", O_WRONLY\|O_D?SYNC/,
  /mmap\(NULL, \d+, PROT_READ/,
  /fcntl\(.*, F_SETLKW?, \{.*l_start=0,/,
  /lseek\(.*, 0, SEEK_END/,
  /pread64\(.*, 168, \d+\)/,
];

/** Returns how a command ended when one of its calls was refused: a code, a known death, its work done, or a problem. */
export function outcomeOf({ status, signal, stderr, errno, line, isKnownDeath }) {
  const died =
    signal ?? (status !== null && status > 128 && stderr.trim() === '' ? `signal ${status - 128}` : null);
  if (died !== null) return isKnownDeath(line) ? { isDeath: true } : { problem: `died by ${died}: ${line}` };
  if (status === 0) return {};
  if (/unexpected failure|is a defect|damaged/.test(stderr))
    return { problem: `says: ${stderr.trim().slice(0, 300)}` };
  let error;
  try {
    // The engine has words of its own for a refused write, which it prints before.
    error = JSON.parse(stderr.slice(stderr.lastIndexOf('{\n  "code"')));
  } catch {
    return { problem: `says no error of its own: ${stderr.trim().slice(0, 300)}` };
  }
  // The engine keeps the system's error to itself where it opens no lock file or looks at what it has opened.
  const isUnsaid = error.code === 'store_busy' || ['no_locks', 'engine_open'].includes(error.detail);
  const isNamed = isUnsaid || `${error.message} ${error.hint}`.includes(errno);
  return isNamed
    ? { code: error.code }
    : { problem: `does not name ${errno}: ${error.code} ${error.message}` };
}

/** Runs every command with calls refused; returns counts and problems. */
function refuseCalls(program, folder, { refuse, only }) {
  const template = join(folder, 'template');
  mkdirSync(template);
  makeProject(program, template);
  const counts = { commands: 0, calls: 0, refused: 0, tolerated: 0, reported: {}, diedWithinOpening: 0 };
  const problems = [];
  const place = join(folder, 'project');
  const fresh = () => {
    rmSync(place, { recursive: true, force: true });
    cpSync(template, place, { recursive: true, verbatimSymlinks: true });
    return place;
  };
  const isKnownDeath = (line) => WITHIN_OPENING.some((known) => known.test(line));
  let turn = 0;
  for (const args of COMMANDS.filter((command) => only === undefined || command.join(' ') === only)) {
    counts.commands += 1;
    const { calls } = refuse(fresh(), args);
    counts.calls += calls.length;
    for (const call of chosen(calls, counts.commands)) {
      const errno = ERRNOS[turn++ % ERRNOS.length];
      const ended = refuse(fresh(), args, { ...call, errno });
      if (ended.refusedCall === undefined) continue;
      counts.refused += 1;
      const where = `dml ${args.join(' ')}: ${call.name} ${call.nth} of ${call.file}, ${errno}`;
      const { line } = ended.refusedCall;
      const outcome = outcomeOf({ ...ended, errno, line, isKnownDeath });
      if (outcome.problem !== undefined) problems.push(`${where}: ${outcome.problem}`);
      else if (outcome.code !== undefined)
        counts.reported[outcome.code] = (counts.reported[outcome.code] ?? 0) + 1;
      else counts[outcome.isDeath ? 'diedWithinOpening' : 'tolerated'] += 1;
      const after = runDml(program, { folder: place, args: ['verify'] });
      if (after.status !== 0)
        problems.push(`${where}: verify ends with ${after.status}: ${after.stderr}${after.stdout}`);
    }
  }
  if (counts.refused === 0) problems.push('no call was refused');
  return { counts, problems };
}

/** Returns the problems; `tell` gets the counts. */
export function check(_root, args = [], tell = (text) => process.stdout.write(text)) {
  const text = { type: 'string' };
  const { values } = parseArgs({ args, options: { root: text, only: text, program: text } });
  const program = resolve(values.program ?? join(repositoryRoot, 'packages/cli/dist/program/dml.js'));
  if (!canTrace()) {
    tell('not run: refused system calls (needs strace)\n');
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'dml-calls-'));
  try {
    const { counts, problems } = refuseCalls(program, folder, {
      refuse: byStrace(program),
      only: values.only,
    });
    tell(`${JSON.stringify(counts, null, 2)}\n`);
    return problems;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await runGate(import.meta.url, 'system-calls', check);
