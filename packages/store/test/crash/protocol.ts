/** Order to a crash worker, as JSON in its first argument. */
export interface WorkerOrder {
  readonly path: string;
  readonly scenario: string;
  /** Number of the worker; its IndexRef and its contents follow from it. */
  readonly worker: number;
  /** Distinguishes the contents of this run from those of every other. */
  readonly run: number;
  /** Steps to make at most; 0 means until killed. */
  readonly steps: number;
  /** True to have the engine run into missing space instead of refusing before. */
  readonly unguarded?: boolean;
  /** Ends the process at the n-th passing of a failpoint. */
  readonly killAt?: { readonly name: string; readonly nth: number };
}

/** Line of JSON from a worker, written before it goes on. */
export type WorkerLine =
  | { readonly kind: 'ready' }
  | { readonly kind: 'ack'; readonly ref: string; readonly commitId: string }
  /** `engineText` is what the engine said of its failure, as far as it has a length limit. */
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly commitId: string | null;
      readonly engineText?: string;
    }
  /**
   * After a failure: was later writing refused where it has to be, was nothing of the failure to be seen, were reads
   * still right.
   */
  | {
      readonly kind: 'aftermath';
      readonly poisoned: boolean;
      readonly invisible: boolean;
      readonly readable: boolean;
    }
  /** A backup of the store at `path` up to a sequence of its journal is done. */
  | { readonly kind: 'backup'; readonly path: string; readonly sequence: number }
  | { readonly kind: 'failpoint'; readonly name: string }
  | { readonly kind: 'done' };

/** Returns the IndexRef of a worker. */
export function workerRef(worker: number): string {
  return `refs/index/00000000-0000-4000-8000-${String(worker).padStart(12, '0')}`;
}

/** Returns the place of the backups that a run makes of the store at a path. */
export function backupPath({ path, run, worker }: WorkerOrder): string {
  return `${path}.backup-${worker}-${run}/store`;
}

/** The ref all workers compete for. */
export const SHARED_REF = 'refs/heads/shared';
