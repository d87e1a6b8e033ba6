import type { Needs } from '@daggerml/object-model';
import { amountsOf, type FreeAmounts } from '../adapters/free-amounts.ts';

/** Time that a job waits for room until room is kept for it. */
const MAX_WAIT_MS = 30_000;

/** A job that may be tried now. */
export interface DueJob {
  readonly needs: Needs;
  /** Time from which it may be tried, 0 for one that was not tried yet. */
  readonly dueMs: number;
  /** Time since which it has been waiting for room; undefined where it has not. */
  readonly waitsSinceMs: number | undefined;
}

/** Room that a worker has left. */
export interface Room {
  /** Amounts that are free; the plan changes them. */
  readonly free: FreeAmounts;
  /** Jobs that may be begun. */
  readonly slots: number;
}

/** Decision about jobs that are due. */
export interface JobPlan<Job> {
  readonly begin: readonly Job[];
  /** Jobs for which what is free is kept until they fit. */
  readonly kept: readonly Job[];
  /** Number of jobs that wait for amounts to be free. */
  readonly blockedCount: number;
}

/**
 * Decides which jobs a worker begins, and for which it keeps room.
 *
 * A job that has waited for long comes before all others. Where what it needs is not free, others get nothing of it until
 * it fits; of several such jobs that need one amount, the first alone: those behind it cannot begin before it anyway.
 * So every job begins once those that are running have ended.
 */
export function planJobs<Job extends DueJob>(
  due: readonly Job[],
  { free, slots }: Room,
  nowMs: number,
): JobPlan<Job> {
  const begin: Job[] = [];
  const kept: Job[] = [];
  const keptNames = new Set<string>();
  let blockedCount = 0;
  for (const job of inOrder(due, nowMs)) {
    const { needs } = job;
    if (free.hasRoomFor(needs)) {
      if (begin.length >= slots) continue;
      free.take(needs);
      begin.push(job);
      continue;
    }
    blockedCount += 1;
    const names = amountsOf(needs).map(([name]) => name);
    if (!isLate(job, nowMs) || names.some((name) => keptNames.has(name))) continue;
    // @spec DML-EXE-2800
    free.take(needs);
    kept.push(job);
    for (const name of names) keptNames.add(name);
  }
  return { begin, kept, blockedCount };
}

/**
 * Returns jobs that have waited for long, the longest first, and then those that were not tried yet before the others.
 *
 * @spec DML-EXE-2801
 */
function inOrder<Job extends DueJob>(due: readonly Job[], nowMs: number): Job[] {
  const late = due.filter((job) => isLate(job, nowMs));
  const others = due.filter((job) => !isLate(job, nowMs));
  late.sort((left, right) => (left.waitsSinceMs ?? 0) - (right.waitsSinceMs ?? 0));
  others.sort((left, right) => left.dueMs - right.dueMs);
  return [...late, ...others];
}

function isLate({ waitsSinceMs }: DueJob, nowMs: number): boolean {
  return waitsSinceMs !== undefined && nowMs - waitsSinceMs >= MAX_WAIT_MS;
}
