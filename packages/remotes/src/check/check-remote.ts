import { isDmlError } from '@daggerml/object-model';
import type { RemoteFiles } from '../files/remote-files.ts';
import { checkFilePath } from '../format/file-path.ts';
import type { Remote } from '../remote.ts';
import { type StartTimer, startSystemTimer } from '../timer.ts';
import { checkCounter } from './check-counter.ts';
import { checkCreateRace, checkReplaceRace } from './check-races.ts';
import { type CheckPart, type CheckReport, type PartReport, reportOn } from './check-report.ts';
import { type CheckedRemote, type CheckRun, type PartResult, reportPart } from './check-run.ts';
import { checkConditions, checkListBack, checkReadBack } from './check-writes.ts';

export interface CheckOptions {
  /** Longest time for all parts, 3 minutes by default: a correct server can take 9 s for one race. */
  readonly limitMs?: number;
  /** Time for the removal of files after a check that took all of its own, 10 s by default. */
  readonly cleanUpMs?: number;
  /** Writers of a race, 16 by default. */
  readonly writers?: number;
  /** Timers for the limits; those of the system by default. */
  readonly startTimer?: StartTimer;
  /** Called when a part begins, and with its report when it ends. */
  readonly onProgress?: (part: CheckPart, report: PartReport | undefined) => void;
}

const LIMIT_MS = 180_000;
const CLEAN_UP_MS = 10_000;
/** Difference of clocks that is worth a word. */
const MAX_SKEW_MS = 60_000;

const PARTS: readonly (readonly [CheckPart, (run: CheckRun) => Promise<PartResult>])[] = [
  ['conditions', checkConditions],
  // @spec DML-REM-1403
  ['read-back', checkReadBack],
  // @spec DML-REM-1408
  ['list-back', checkListBack],
  ['create-race', checkCreateRace],
  ['replace-race', checkReplaceRace],
  ['counter', checkCounter],
  ['clock', checkClock],
];

/**
 * Checks whether a remote does what exchanges and claims rely on, by writing to it. Returns a report, also for a remote
 * that is bad. Removes what it wrote.
 *
 * Throws `remote_missing`, `remote_refused`, `remote_unreachable` and `remote_full` where the first plain write fails:
 * nothing was found out about the remote then.
 */
export async function checkRemote(
  { files, ...surroundings }: Pick<Remote, 'files' | 'clock' | 'randomBytes' | 'randomUuid'>,
  options: CheckOptions = {},
): Promise<CheckReport> {
  const { limitMs = LIMIT_MS, cleanUpMs = CLEAN_UP_MS, writers = 16, onProgress = () => {} } = options;
  const { startTimer = startSystemTimer } = options;
  const remote: CheckedRemote = { files, surroundings, writers, limitMs, startTimer, paths: new Set() };
  const endMs = surroundings.clock.now() + limitMs;
  await assertWritable(remote);
  const reports: PartReport[] = [];
  const report = async (
    part: CheckPart,
    act: (run: CheckRun) => Promise<PartResult>,
    share: (leftMs: number) => number,
  ): Promise<void> => {
    onProgress(part, undefined);
    const made = await reportPart(remote, { part, leftMs: share(endMs - surroundings.clock.now()) }, act);
    reports.push(made);
    onProgress(part, made);
  };
  // What hangs leaves time to find out about the rest.
  for (const [part, act] of PARTS) await report(part, act, (leftMs) => leftMs / 2);
  let leftPaths: readonly string[] = [...remote.paths];
  const removeAll = async (): Promise<PartResult> => {
    leftPaths = await cleanUp(remote);
    const isClean = leftPaths.length === 0;
    const finding = isClean
      ? 'what the check wrote is removed'
      : `${leftPaths.length} files of the check are left`;
    return { result: isClean ? 'passed' : 'failed', finding, facts: { leftFiles: leftPaths.length } };
  };
  await report('clean-up', removeAll, (leftMs) => Math.max(leftMs, cleanUpMs));
  return reportOn(reports, leftPaths);
}

/** Errors of a plain write that are about the place or the rights to it. */
const NO_ACCESS: ReadonlySet<string> = new Set([
  'remote_missing',
  'remote_refused',
  'remote_unreachable',
  'remote_full',
]);

/** Throws the error of a write without a condition, unless it takes long: the parts say so of a remote that hangs. */
async function assertWritable({
  files,
  surroundings,
  limitMs,
  startTimer,
  paths,
}: CheckedRemote): Promise<void> {
  const path = checkFilePath(surroundings.randomUuid(), 'bin');
  let stopTimer = (): void => {};
  const limit = new Promise<void>((resolve) => {
    stopTimer = startTimer(limitMs / 8, resolve);
  });
  try {
    paths.add(path);
    await Promise.race([files.put(path, Uint8Array.of(0)), limit]);
  } catch (error) {
    // @spec DML-REM-1933
    if (isDmlError(error) && NO_ACCESS.has(error.code)) throw error;
  } finally {
    stopTimer();
  }
}

/** Time and writers of the check before the first claim. */
const BEFORE_CLAIMS: CheckOptions = { limitMs: 60_000, cleanUpMs: 5_000, writers: 8 };

/** Checks a remote before its first claim, which somebody waits for; see {@link checkRemote}. @spec DML-REM-1411 */
export function checkForClaims(remote: Parameters<typeof checkRemote>[0]): Promise<CheckReport> {
  return checkRemote(remote, BEFORE_CLAIMS);
}

/** Removes the files of a check; returns the paths of those that are there still. */
async function cleanUp({ files, paths }: CheckedRemote): Promise<readonly string[]> {
  // @spec DML-REM-1404
  await files.remove([...paths]);
  const left: string[] = [];
  for (const path of paths) if (await isThere(files, path)) left.push(path);
  return left;
}

async function isThere(files: RemoteFiles, path: string): Promise<boolean> {
  return (path.endsWith('.json') ? await files.readVersion(path) : await files.read(path)) !== undefined;
}

/** Compares the clock of the remote with the one here, twice. */
async function checkClock(run: CheckRun): Promise<PartResult> {
  const look = async (): Promise<{ skewMs: number; remoteMs: number }> => {
    const beforeMs = run.nowMs();
    const remoteMs = await run.files.now();
    return { skewMs: Math.round(remoteMs - (beforeMs + run.nowMs()) / 2), remoteMs };
  };
  const [first, second] = [await look(), await look()];
  // @spec DML-REM-1409
  const facts = { skewMs: second.skewMs };
  if (second.remoteMs < first.remoteMs)
    return { result: 'failed', finding: 'the clock of the remote goes backwards', facts };
  const seconds = Math.round(Math.abs(second.skewMs) / 1000);
  const direction = second.skewMs < 0 ? 'behind' : 'ahead of';
  const isNear = Math.abs(second.skewMs) <= MAX_SKEW_MS;
  // Nobody knows which of the two is wrong. @spec DML-REM-1934
  const finding = `the clocks of the remote and of this machine ${
    seconds === 0
      ? 'agree'
      : `differ by ${spanOf(seconds)}: that of the remote is ${direction} this one${isNear ? '' : ', and one of the two is wrong'}`
  }`;
  return { result: isNear ? 'passed' : 'failed', finding, facts };
}

function spanOf(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
