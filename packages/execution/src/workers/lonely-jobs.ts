import type { ExecutionKey, Needs } from '@daggerml/object-model';
import { formatNeeds, type Offers } from '../adapters/needs.ts';

/** Jobs that no worker takes. */
export interface LonelyReport {
  /** Needs that these jobs have in common. */
  readonly needs: Needs;
  /** Offers of workers whose results were seen in this run. */
  readonly offers: readonly Offers[];
}

/** A job as far as it may be left alone. */
export interface WatchedJob {
  readonly key: ExecutionKey | undefined;
  /** Undefined for a job that another process has posted. */
  readonly needs: Needs | undefined;
}

/** Time without a result of jobs with the same needs after which their claims are looked at. */
const LONELY_MS = 15_000;
/** Claims that are looked at then, of jobs with the same needs. */
const LOOKED_AT = 4;
/** Needs that differ, and offers that differ, that are remembered. */
const MAX_NEEDS = 16;
/** Longest words for offers that are remembered. */
const MAX_WORDS = 500;

/** Watches whether jobs are taken by anybody, and what workers offer. */
export class LonelyJobs {
  readonly #isClaimed: (key: ExecutionKey) => Promise<boolean>;
  /** Time since which no result of jobs with some needs has come, by their words. */
  readonly #sinceMs = new Map<string, number>();
  readonly #told = new Set<string>();
  readonly #offers = new Map<string, Offers>();

  constructor(isClaimed: (key: ExecutionKey) => Promise<boolean>) {
    this.#isClaimed = isClaimed;
  }

  /** Notes what the worker offers that has made a result, unless that is more than anybody wants to read. */
  see(offers: Offers): void {
    const words = formatNeeds(offers);
    if (this.#offers.size < MAX_NEEDS && words.length <= MAX_WORDS) this.#offers.set(words, offers);
  }

  /**
   * Returns the jobs of which nobody has claimed any for a while, one report for each needs that differ, and each of them
   * once. `open` are the jobs that have no result, and `ended` those whose result has come.
   *
   * @spec DML-EXE-1538
   */
  async look(
    open: readonly WatchedJob[],
    ended: readonly WatchedJob[],
    nowMs: number,
  ): Promise<readonly LonelyReport[]> {
    const groups = groupsOf(open);
    for (const words of this.#sinceMs.keys()) if (!groups.has(words)) this.#sinceMs.delete(words);
    for (const words of groupsOf(ended).keys()) this.#sinceMs.set(words, nowMs);
    const reports: LonelyReport[] = [];
    for (const [words, jobs] of groups) {
      const sinceMs = this.#sinceMs.get(words);
      if (sinceMs === undefined) this.#sinceMs.set(words, nowMs);
      if (sinceMs === undefined || nowMs - sinceMs < LONELY_MS || this.#told.has(words)) continue;
      this.#sinceMs.set(words, nowMs);
      if (await this.#isAnyClaimed(jobs)) continue;
      this.#told.add(words);
      // @spec DML-EXE-2805
      reports.push({ needs: jobs[0]?.needs ?? {}, offers: [...this.#offers.values()] });
    }
    return reports;
  }

  async #isAnyClaimed(jobs: readonly WatchedJob[]): Promise<boolean> {
    for (const { key } of jobs.slice(0, LOOKED_AT))
      if (key !== undefined && (await this.#isClaimed(key))) return true;
    return false;
  }
}

/** Returns jobs by the words for what they need. */
function groupsOf(jobs: readonly WatchedJob[]): ReadonlyMap<string, readonly WatchedJob[]> {
  const groups = new Map<string, WatchedJob[]>();
  for (const job of jobs) {
    if (job.key === undefined || job.needs === undefined) continue;
    const words = formatNeeds(job.needs);
    const group = groups.get(words);
    if (group !== undefined) group.push(job);
    else if (groups.size < MAX_NEEDS) groups.set(words, [job]);
  }
  return groups;
}
