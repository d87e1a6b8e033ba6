import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseTitle } from '../requirement-id.ts';
import { readVitestReport } from '../vitest-report.ts';
import { temporaryFolderOf } from './scratch-copy.ts';

/** Outcome of the citing tests of one id. */
export type CitingOutcome = 'passed' | 'failed' | 'not_loaded' | 'timed_out';

/** Runs the tests of some files that cite some ids, and yields the outcome per id. */
export type CitingRunner = (request: CitingRequest) => Promise<ReadonlyMap<string, CitingOutcome>>;

/** Tests to run, and the copy to run them in. */
export interface CitingRequest {
  /** The folder of the copy. */
  readonly folder: string;
  readonly files: readonly string[];
  readonly ids: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Runs the citing tests with the vitest that the copy links to. */
export const runWithVitest: CitingRunner = async (request) => {
  const { folder, files, ids } = request;
  const report = join(folder, '.spec-extract-report.json');
  rmSync(report, { force: true });
  const args = [join(folder, 'node_modules/vitest/vitest.mjs'), 'run', ...files];
  // @spec DML-TRC-0903
  args.push('--testNamePattern', ids.map((id) => `\\[${id}\\]`).join('|'));
  args.push('--reporter=json', `--outputFile=${report}`);
  const exit = await runToEnd(args, request);
  if (exit === 'timed_out') return new Map(ids.map((id) => [id, 'timed_out']));
  const text = existsSync(report) ? readFileSync(report, 'utf8') : undefined;
  return new Map(ids.map((id) => [id, outcomeOf(id, text, exit === 0)]));
};

/** Returns the outcome of the tests that cite an id, from the report of a run. */
export function outcomeOf(id: string, report: string | undefined, clean: boolean): CitingOutcome {
  const leaves = report === undefined ? [] : readVitestReport(report).tests;
  const citing = leaves.filter(({ title }) => parseTitle(title).cited.includes(id));
  if (citing.some(({ outcome }) => outcome === 'failed')) return 'failed';
  // A file that throws while it loads reports no leaf, a hook that throws leaves skipped ones, and both end unclean.
  if (!clean || !citing.some(({ outcome }) => outcome === 'passed')) return 'not_loaded';
  return 'passed';
}

function runToEnd(args: readonly string[], request: CitingRequest): Promise<number | 'timed_out'> {
  const { folder, timeoutMs, signal } = request;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const temporary = temporaryFolderOf(folder);
    mkdirSync(temporary, { recursive: true });
    // A group of its own, so that workers of the runner end with it.
    const child = spawn(process.execPath, args, {
      cwd: folder,
      stdio: 'ignore',
      detached: true,
      env: { ...plainEnvironment(), TMPDIR: temporary },
    });
    let ending: number | 'timed_out' | 'aborted' | undefined;
    const kill = (why: 'timed_out' | 'aborted'): void => {
      ending = why;
      if (child.pid !== undefined) endGroup(child.pid);
    };
    const timer = setTimeout(() => kill('timed_out'), timeoutMs);
    const abort = (): void => kill('aborted');
    signal.addEventListener('abort', abort, { once: true });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (ending === 'aborted') reject(signal.reason);
      else resolve(ending === 'timed_out' ? ending : (code ?? 128));
    });
  });
}

function endGroup(processId: number): void {
  try {
    process.kill(process.platform === 'win32' ? processId : -processId, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** Returns an environment in which a runner does not take itself for a worker of an outer run. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|TINYPOOL|NODE_V8_COVERAGE)/.test(name)),
  );
}

/** Lists the test files that the citations of an owner name, each once. */
export function distinctFiles(tests: readonly { readonly file: string }[]): string[] {
  return [...new Set(tests.map(({ file }) => file))].sort();
}
