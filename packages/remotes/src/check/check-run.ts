import { isDmlError } from '@daggerml/object-model';
import type { RemoteFiles } from '../files/remote-files.ts';
import { checkFilePath } from '../format/file-path.ts';
import type { RemoteSurroundings } from '../remote.ts';
import type { StartTimer } from '../timer.ts';
import type { CheckPart, PartReport } from './check-report.ts';

/** Result of a part, without what every part has. */
export type PartResult = Pick<PartReport, 'result' | 'finding' | 'facts'>;

/** A remote under check. */
export interface CheckedRemote {
  readonly files: RemoteFiles;
  readonly surroundings: RemoteSurroundings;
  /** Writers of a race. */
  readonly writers: number;
  /** Longest time for all parts. */
  readonly limitMs: number;
  readonly startTimer: StartTimer;
  /** Paths that were written or may have been. */
  readonly paths: Set<string>;
}

/** One part of a check, which knows when it has to stop. */
export class CheckRun {
  readonly remote: CheckedRemote;
  readonly files: RemoteFiles;
  readonly #endMs: number;

  constructor(remote: CheckedRemote, endMs: number) {
    this.remote = remote;
    this.files = remote.files;
    this.#endMs = endMs;
  }

  nowMs(): number {
    return this.remote.surroundings.clock.now();
  }

  /** True once the time of the part has passed: nobody looks at its result any more. */
  get isOver(): boolean {
    return this.nowMs() >= this.#endMs;
  }

  /** Returns the path of a file that this check alone writes, and removes at its end. */
  newPath(suffix: 'bin' | 'json'): string {
    const path = checkFilePath(this.remote.surroundings.randomUuid(), suffix);
    this.remote.paths.add(path);
    return path;
  }

  /** Returns a fraction from 0 to below 1. */
  random(): number {
    return (this.remote.surroundings.randomBytes(1)[0] ?? 0) / 256;
  }
}

/** Carries out a part of a check within a time. A part that fails, or does not end, is not proven. */
export async function reportPart(
  remote: CheckedRemote,
  { part, leftMs }: { readonly part: CheckPart; readonly leftMs: number },
  act: (run: CheckRun) => Promise<PartResult>,
): Promise<PartReport> {
  const startMs = remote.surroundings.clock.now();
  if (leftMs <= 0) {
    const finding = `${TITLES[part]} had no time left`;
    return { part, result: 'not-proven', finding, facts: {}, elapsedMs: 0 };
  }
  let stopTimer = (): void => {};
  const limit = new Promise<PartResult>((resolve) => {
    stopTimer = remote.startTimer(leftMs, () => resolve(notEnded(part, leftMs)));
  });
  let answer: PartResult & { readonly cause?: unknown };
  try {
    answer = await Promise.race([act(new CheckRun(remote, startMs + leftMs)), limit]);
  } catch (cause) {
    answer = { result: 'not-proven', finding: failureOf(part, cause), facts: {}, cause };
  } finally {
    stopTimer();
  }
  return { part, ...answer, elapsedMs: remote.surroundings.clock.now() - startMs };
}

/** Words for what a part looks at. */
const TITLES: Readonly<Record<CheckPart, string>> = {
  conditions: 'the check of conditional writes one after the other',
  'read-back': 'the check that files are read back at once',
  'list-back': 'the check that files are listed at once',
  'create-race': 'the race for the creation of a file',
  'replace-race': 'the race for the replacement of a file',
  counter: 'the counter',
  clock: 'the look at the clock',
  'clean-up': 'the removal of what the check wrote',
};

/** Returns the result of a part that was not done in time. */
export function notEnded(part: CheckPart, afterMs: number): PartResult {
  const finding = `${TITLES[part]} did not end within ${Math.round(afterMs / 100) / 10} s`;
  return { result: 'not-proven', finding, facts: {} };
}

function failureOf(part: CheckPart, cause: unknown): string {
  const reason = isDmlError(cause) ? cause.words : cause instanceof Error ? cause.message : String(cause);
  return `${TITLES[part]} failed: ${reason}`;
}
