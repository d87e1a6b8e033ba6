import { inspect } from 'node:util';
import { captureError } from '@daggerml/capture';
import { type OpProgress, type OpReport, OpRuns, type OpRunsOptions } from '@daggerml/execution';
import { isDmlError } from '@daggerml/object-model';
import { branchRef } from '@daggerml/repository';
import { checkNewRefName, type RefName } from '@daggerml/store';
import type { OpsPipeline, Target, Targets } from './define-ops.ts';

/** Options of a run of ops that goes on. */
export interface OpRunOptions extends Omit<OpProgress, 'branch'> {
  /** The branch that the run is committed to when it ends; the current one by default. */
  readonly branch?: string;
}

/** Options of a run of ops that begins. */
export interface OpStartOptions<T extends Target> extends OpRunOptions {
  /** In place of the targets that the pipeline names. */
  readonly targets?: Targets<T>;
  /** Runs the validations alone and keeps nothing. */
  readonly dryRun?: boolean;
}

/** The runs of ops of a repository. */
export class Ops {
  readonly #options: OpRunsOptions;
  readonly #runs: OpRuns;

  /** Creates the runs of a repository; only `Repository` does. */
  constructor(options: OpRunsOptions) {
    this.#options = options;
    this.#runs = new OpRuns(options);
  }

  /**
   * Applies a pipeline of ops to targets and commits the run when it ends. Rejects with `op_invalid`,
   * `op_run_unfinished`, `op_run_active`, and `cancelled` for a run that was interrupted and can be resumed.
   *
   * @spec DML-BND-1802
   */
  async run<T extends Target>(
    pipeline: OpsPipeline<T>,
    options: OpStartOptions<NoInfer<T>> = {},
  ): Promise<OpReport> {
    const { dryRun: isDry, targets: given, ...rest } = options;
    const targets = given ?? pipeline.targets;
    return await this.#runs.start(pipeline, {
      ...this.#progress({ ...rest, parallel: rest.parallel ?? pipeline.parallel }),
      isDry,
      targets: (typeof targets === 'function' ? await found(targets) : targets) ?? [],
    });
  }

  /**
   * Continues a run that has not ended, named by its pipeline or the beginning of its id. Rejects with
   * `unknown_op_run` and `op_run_active`.
   */
  async resume(which: string, options: OpRunOptions = {}): Promise<OpReport> {
    return await this.#runs.resume(which, this.#progress(options));
  }

  /** Cancels a run that has not ended. Rejects with `unknown_op_run`. */
  async cancel(which: string, options: OpRunOptions & { readonly reason?: string } = {}): Promise<OpReport> {
    const { reason = 'cancelled', ...progress } = options;
    return await this.#runs.cancel(which, reason, this.#progress(progress));
  }

  /** Returns how a run stands that has not ended, or else the one that the current branch has of the name. */
  async status(which: string): Promise<OpReport> {
    const { store } = this.#options;
    return await this.#runs.status(which, store.getRef(store.head())?.commitId);
  }

  /** Lists the runs that have not ended. */
  async unfinished(): Promise<OpReport[]> {
    return await this.#runs.unfinished();
  }

  #progress({ branch: name, ...rest }: OpRunOptions): OpProgress {
    const { store } = this.#options;
    const branch: RefName = name === undefined ? store.head() : branchRef(store, name);
    if (store.getRef(branch) === undefined) checkNewRefName(branch);
    return { ...rest, branch };
  }
}

/** Returns the targets that an author's function finds. */
async function found<T>(find: () => T | Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (isDmlError(error)) throw error;
    const reason = error instanceof Error ? error.message : inspect(error);
    // @spec DML-BND-1803
    throw captureError('pipeline_threw', { file: '', reason }, error);
  }
}
