import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readReport } from '../results.ts';
import { temporaryFolderOf } from './scratch-copy.ts';

/** Outcome of the citing tests of one id. */
export type CitingOutcome = 'passed' | 'failed' | 'not_loaded' | 'timed_out';

/** Runs those tests of some files of a copy that cite an id. */
export type CitingRunner = (folder: string, files: readonly string[], id: string) => Promise<CitingOutcome>;

const TIMEOUT_MS = 120_000;

/** Runs the citing tests with the vitest that the copy links to. */
export async function runWithVitest(
  folder: string,
  files: readonly string[],
  id: string,
  timeoutMs: number = TIMEOUT_MS,
): Promise<CitingOutcome> {
  const report = join(folder, '.spec-extract-report.json');
  rmSync(report, { force: true });
  const args = [join(folder, 'node_modules/vitest/vitest.mjs'), 'run', ...files];
  // @spec DML-TRC-0903
  args.push('--testNamePattern', `\\[${id}\\]`);
  args.push('--reporter=json', `--outputFile=${report}`);
  const exit = await runToEnd(args, folder, timeoutMs);
  if (exit === 'timed_out') return exit;
  return outcomeOf(id, existsSync(report) ? readFileSync(report, 'utf8') : undefined, exit === 0);
}

/** Returns the outcome of the tests that cite an id, from the report of a run. */
export function outcomeOf(id: string, report: string | undefined, isClean: boolean): CitingOutcome {
  const leaves = report === undefined ? [] : readReport(report).tests;
  const outcomes = leaves.filter(({ cited }) => cited.includes(id)).map(({ outcome }) => outcome);
  if (outcomes.includes('failed')) return 'failed';
  // A file that throws while it loads reports no leaf, a hook that throws leaves skipped ones, and both end unclean.
  return isClean && outcomes.includes('passed') ? 'passed' : 'not_loaded';
}

function runToEnd(args: readonly string[], folder: string, timeoutMs: number): Promise<number | 'timed_out'> {
  const temporary = temporaryFolderOf(folder);
  mkdirSync(temporary, { recursive: true });
  return new Promise((resolve, reject) => {
    // A group of its own, so that workers of the runner end with it.
    const env = { ...plainEnvironment(), TMPDIR: temporary };
    const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore', detached: true, env });
    const end = (): void => endGroup(child.pid);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      end();
    }, timeoutMs);
    // Before the copy is removed, which it writes to.
    process.prependListener('exit', end);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      process.removeListener('exit', end);
      resolve(isLate ? 'timed_out' : (code ?? 128));
    });
  });
}

function endGroup(processId: number | undefined): void {
  if (processId === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? processId : -processId, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** Returns an environment in which a runner does not take itself for a worker of an outer run. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const isOuter = (name: string): boolean => /^(VITEST|TINYPOOL|NODE_V8_COVERAGE)/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOuter(name)));
}
