import { dirname, resolve } from 'node:path';
import { inspect } from 'node:util';
import {
  type CallOptions,
  captureError,
  FunctionCapture,
  type LoadedPipeline,
  type Pipeline,
} from '@daggerml/capture';
import {
  type CallCounts,
  type ExecutableSurroundings,
  Executor,
  executionError,
  type Offers,
  type OnDemandOptions,
  type PoolOptions,
  type RunEvent,
  type RunNode,
  type RunRequest,
  readOnDemand,
  remoteAdapters,
  type SharingPorts,
} from '@daggerml/execution';
import { type CommitId, type DagId, isDmlError, type NodeId } from '@daggerml/object-model';
import {
  backupRepository,
  branchOf,
  branchRef,
  type ChangedDags,
  Commit,
  createRepository,
  type DagsChange,
  deleteDag,
  fastForwardHead,
  findCommit,
  findImportSource,
  findObject,
  findRepositoryFolder,
  type MovedHead,
  type NamedObject,
  type OpeningOptions,
  openRepository,
  RecordReader,
  readValue,
  rebaseOntoHead,
  restoreDag,
  unknownName,
} from '@daggerml/repository';
import { type BackupOptions, type BackupReport, checkNewRefName, type Store } from '@daggerml/store';
import { dagFailure } from './commit-dag.ts';
import { Dag } from './dag.ts';
import { bindingsError } from './errors.ts';
import { EventStream } from './event-stream.ts';
import type { NodeHandle } from './node-handle.ts';
import { Ops } from './ops.ts';
import { bindParameters } from './parameters.ts';
import { checkDagName } from './pipeline-name.ts';
import type { DagPlan } from './plan-dag.ts';
import { programName } from './program.ts';
import { type RetryOptions, type RetryResult, retryFailures, workNameOf } from './retry.ts';
import { RunHandle } from './run-handle.ts';
import type { Lifted } from './values.ts';

export interface RepositoryOptions extends Omit<OpeningOptions, 'program'> {
  /** Opens without the right to change anything. */
  readonly readOnly?: boolean;
  /** Author of commits and of lines in the ref journal. */
  readonly author?: string;
  /** Calls that run at one time; as many as the machine runs in parallel by default. */
  readonly workers?: number;
  /** Places where calls run, in the order in which they are preferred; one without a name by default. */
  readonly pools?: readonly PoolOptions[];
  /** Heap that one worker may use; Node's own limit by default. */
  readonly workerMemoryMb?: number;
  /**
   * Environment variables that functions see; none by default. They are no part of what makes a call the same:
   * a call that is known is not run again because of another value. Pass as an input what decides a result.
   *
   * @spec DML-BND-0319
   */
  readonly env?: Readonly<Record<string, string>>;
  /** Adapters that are executables: where they are looked for, and the variables that they see. None by default. */
  readonly executables?: Omit<ExecutableSurroundings, 'limits'>;
  /** Opens the remotes of executables, from which left-out objects are read; those of `executables` by default. */
  readonly openAdapter?: OnDemandOptions['openAdapter'];
  /**
   * True to run functions in processes instead of threads, so that one that crashes, as code of an add-on can, ends its
   * own call alone; false by default.
   *
   * @spec DML-BND-0965
   */
  readonly isolate?: boolean;
  /**
   * True to skip reading files whose device, inode, size and times are as they were at the last reading; the default.
   */
  readonly fileCache?: boolean;
  /** Cache and claims that runs share with other repositories; none by default. */
  readonly sharing?: SharingPorts;
  /** Milliseconds since 1970; the system's clock by default. */
  readonly nowMs?: () => number;
}

export interface DagOptions {
  /** The branch to commit to, begun when there is none of that name; the current one by default. */
  readonly branch?: string;
  /** Folder from which relative paths are resolved; the current one by default. */
  readonly folder?: string;
  /** Hears the events of the dag's calls; `dag.describeCall` says which call one is about. */
  readonly onEvent?: (event: RunEvent, dag: Dag) => void;
  /** Defaults for the options of every call. */
  readonly callDefaults?: CallOptions;
  /** Amounts that calls may take together while they run, by name: `{ gpu: 2, memoryMb: 16000 }`; nothing by default. */
  readonly resources?: Offers;
  /** True to cancel open calls, and start no other, as soon as one fails; false by default. */
  readonly failFast?: boolean;
  /** True to run scripts that say nothing of it in a sandbox. */
  readonly sandbox?: boolean;
  /** Cancels open calls; those that are complete stay known. */
  readonly signal?: AbortSignal;
}

export interface RunOptions<Given = Readonly<Record<string, unknown>>> extends DagOptions {
  /** Values of the pipeline's parameters, by name; the others have their defaults. */
  readonly parameters?: Given;
  /** The name to commit the dag under; the pipeline's own by default. */
  readonly name?: string;
  readonly message?: string;
}

export interface DagsOptions {
  /** The branch to commit to, begun when there is none of that name; the current one by default. */
  readonly branch?: string;
  readonly message?: string;
}

/** Result of running a pipeline. */
export interface RunResult<Root = unknown> {
  readonly commit: Commit;
  readonly dagId: DagId;
  /** False when the head already had this dag with these outcomes. */
  readonly changed: boolean;
  readonly counts: CallCounts;
  /** Calls that are part of the dag; others that ran or were cached left no trace in it. */
  readonly calls: number;
  /** Calls that functions have made, kept in the outcomes of those. */
  readonly nestedCalls: number;
  /** Values that the pipeline received for its parameters. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Value that the pipeline returned. */
  readonly root: NodeHandle<Root>;
  /** The dag, for the values of its nodes. */
  readonly dag: Dag;
}

/** Calls of a pipeline as they would come to their outcomes. */
export interface RunPlan extends DagPlan {
  /** The node whose value the pipeline asked for although it is not known. */
  readonly stoppedAt: NodeId | undefined;
  /** The dag, for the texts of its calls. */
  readonly dag: Dag;
}

/** The current branch, and its commit if it has one. */
export interface Head {
  readonly name: string;
  readonly commitId: CommitId | undefined;
}

/** An open repository. Close it: it holds the store and may hold worker threads. */
export class Repository {
  /** The folder that the repository is in. */
  readonly folder: string;
  readonly store: Store;
  /** Runs of ops: begun, resumed, cancelled and looked at. */
  readonly ops: Ops;
  readonly #options: RepositoryOptions;
  readonly #executor: Executor;
  readonly #capture: FunctionCapture;

  private constructor(folder: string, store: Store, options: RepositoryOptions) {
    this.folder = folder;
    this.store = store;
    this.#options = options;
    this.#executor = new Executor({
      store,
      program: programName(),
      ...(options.workers !== undefined && { size: options.workers }),
      ...(options.pools && { pools: options.pools }),
      // @spec DML-BND-0318
      ...(options.env && { env: options.env }),
      ...(options.executables && { executables: options.executables }),
      ...(options.isolate === true && { isIsolated: true }),
      ...(options.workerMemoryMb !== undefined && {
        resourceLimits: { maxOldGenerationSizeMb: options.workerMemoryMb },
      }),
      // @spec DML-BND-0933
      ...(options.fileCache !== undefined && { fileCache: options.fileCache }),
      ...(options.sharing && { sharing: options.sharing }),
      ...(options.nowMs && { nowMs: options.nowMs }),
    });
    this.#capture = new FunctionCapture();
    const { nowMs = Date.now, author: actor = 'unknown' } = options;
    this.ops = new Ops({ store, executor: this.#executor, capture: this.#capture, actor, nowMs });
  }

  /**
   * Creates a repository in a folder, which is made when it is not there. Rejects with `repository_exists`.
   */
  static async init(folder: string, options: RepositoryOptions = {}): Promise<Repository> {
    const path = resolve(folder);
    // @spec DML-BND-0316
    const store = await createRepository(path, { ...options, program: programName() });
    // @spec DML-BND-0302
    if (store === undefined) {
      throw bindingsError('repository_exists', { folder: path, instead: 'Repository.open opens it' });
    }
    // @spec DML-BND-0301
    return new Repository(path, store, options);
  }

  /**
   * Opens the repository of a folder or of its nearest parent that is one. Rejects with `not_a_repository`, and with
   * `repository_untrusted` for one that somebody else may have written to.
   */
  static async open(folder: string, options: RepositoryOptions = {}): Promise<Repository> {
    const found = findRepositoryFolder(folder);
    const mode = options.readOnly ? 'read' : 'write';
    const store = await openRepository(found, mode, { ...options, program: programName() });
    const { author: actor = 'unknown', trust, user, executables } = options;
    const openAdapter = options.openAdapter ?? (executables && remoteAdapters(executables));
    readOnDemand(store, { folder: found, actor, trust, user, openAdapter });
    return new Repository(found, store, options);
  }

  /**
   * The current branch.
   *
   * @spec DML-BND-0305
   */
  get head(): Head {
    const ref = this.store.head();
    return { name: branchOf(ref), commitId: this.store.getRef(ref)?.commitId };
  }

  /**
   * Lists every branch with its commit, in the order of the names.
   *
   * @spec DML-BND-0306
   */
  heads(): { readonly name: string; readonly commitId: CommitId }[] {
    return this.store.readRefs('heads').map(({ name, commitId }) => ({ name: branchOf(name), commitId }));
  }

  /**
   * Returns the commit that a name stands for, by the grammar of names of every command. Throws `unknown_name`,
   * `no_commit`, `ambiguous_prefix`, `short_prefix` and `wrong_class`.
   */
  getCommit(name: string): Commit {
    const reader = new RecordReader(this.store);
    return new Commit(findCommit(reader, name), reader);
  }

  /**
   * Finds the object that a name stands for: a branch, dag, node, id, or a member of a value; see "dml help references".
   * Throws as `getCommit`, save `wrong_class`.
   *
   * @spec DML-BND-1501
   */
  find(name: string): NamedObject {
    return findObject(new RecordReader(this.store), name);
  }

  /**
   * Returns the value that a name stands for. Rejects as `find`, and with `no_value`, `not_executed` and `call_failed`.
   *
   * @spec DML-BND-1502
   */
  async read(name: string): Promise<unknown> {
    return readValue(new RecordReader(this.store), name);
  }

  /**
   * Begins a dag on top of a branch. Close or commit it: its calls may hold worker threads. Throws `ref_name_invalid`
   * for a branch that could not be made.
   */
  newDag(name: string, options: DagOptions = {}): Dag {
    return this.#newDag(name, options);
  }

  #newDag(name: string, options: DagOptions & Pick<RunRequest, 'whenUnknown'>): Dag {
    const { nowMs = Date.now, author: actor = 'unknown' } = this.#options;
    const branch = options.branch === undefined ? this.store.head() : branchRef(this.store, options.branch);
    // @spec DML-BND-0350
    if (this.store.getRef(branch) === undefined) checkNewRefName(branch);
    checkDagName(name);
    const open = this.#executor.openRun({
      workName: workNameOf(name, branch),
      base: branch,
      actor,
      onEvent: options.onEvent && ((event) => options.onEvent?.(event, dag)),
      // @spec DML-BND-1866
      signal: options.signal,
      failFast: options.failFast,
      whenUnknown: options.whenUnknown,
      // @spec DML-BND-1748
      resources: options.resources,
    });
    const dag: Dag = new Dag({
      store: this.store,
      capture: this.#capture,
      open,
      name,
      branch,
      folder: resolve(options.folder ?? '.'),
      actor,
      nowMs,
      callDefaults: options.callDefaults ?? {},
      sandbox: options.sandbox ?? false,
      findDag: (dagName, revision) => findImportSource(this.store, dagName, revision ?? branch),
    });
    return dag;
  }

  /**
   * Commits a branch without one of its dags; `parentCommitId` still has it. Throws `unknown_name`.
   */
  deleteDag(name: string, options: DagsOptions = {}): ChangedDags {
    return deleteDag(this.#changeOf(options, `delete ${name}`), name);
  }

  /**
   * Commits a dag of another commit to a branch, in the place of one that has its name. `revision` is as
   * `getCommit` takes it. Throws as `getCommit`.
   */
  restoreDag(name: string, revision: string, options: DagsOptions = {}): ChangedDags {
    return restoreDag(this.#changeOf(options, `restore ${name}`), name, revision);
  }

  /**
   * Moves a branch to a commit that descends from it; one that it contains leaves it. The commit is as `getCommit` takes
   * it. Throws `not_fast_forward` for any other commit, and as `getCommit`.
   */
  fastForward(head: string, commit: string): MovedHead {
    const { author: actor = 'unknown' } = this.#options;
    return fastForwardHead({ store: this.store, head, source: commit, actor, reason: `merge ${commit}` });
  }

  /**
   * Puts the dags that a commit, and those before it, changed since the branch parted from them on top of the branch,
   * each commit with its author, time and message. The commit is as `getCommit` takes it. Throws `merge_conflict` for a
   * dag that both sides changed differently, which moves nothing: `restoreDag` takes that of the commit, and the next
   * rebase the rest. Throws as `getCommit`.
   */
  rebase(commit: string, options: Pick<DagsOptions, 'branch'> = {}): MovedHead {
    const { nowMs = Date.now, author: actor = 'unknown' } = this.#options;
    const head = options.branch ?? branchOf(this.store.head());
    const reason = `rebase ${commit}`;
    return rebaseOntoHead({ store: this.store, head, source: commit, actor, reason, nowMs });
  }

  #changeOf({ branch, message }: DagsOptions, ownMessage: string): DagsChange {
    const { nowMs = Date.now, author: actor = 'unknown' } = this.#options;
    return {
      store: this.store,
      branch: branch === undefined ? this.store.head() : branchRef(this.store, branch),
      actor,
      message: message ?? ownMessage,
      nowMs,
    };
  }

  /**
   * Runs a pipeline and commits its dag. Rejects with `pipeline_threw` for a pipeline that throws, with
   * `dag_failed` when a call failed that the dag needs, and with `cancelled`; the heads are then as they were,
   * and calls that are complete stay known. Rejects with `unknown_parameter` and `invalid_parameter` before anything
   * runs.
   * @spec DML-BND-1208
   */
  async run<Root = unknown, Given = Readonly<Record<string, unknown>>>(
    pipeline: Pipeline<Dag, Root, Given> | LoadedPipelineOf,
    options: RunOptions<NoInfer<Given>> = {},
  ): Promise<RunResult<Lifted<Awaited<Root>>>> {
    return await this.#complete(this.#dagOf(pipeline, options as RunOptions), options);
  }

  /**
   * Begins a run of a pipeline and returns its handle: its result, as that of `run`, and its events to iterate over. Throws
   * `unknown_parameter` and `invalid_parameter`; everything else is a rejection of `wait`.
   *
   * @spec DML-BND-1862
   */
  start<Root = unknown, Given = Readonly<Record<string, unknown>>>(
    pipeline: Pipeline<Dag, Root, Given> | LoadedPipelineOf,
    options: RunOptions<NoInfer<Given>> = {},
  ): RunHandle<Lifted<Awaited<Root>>> {
    const events = new EventStream();
    const onEvent = (event: RunEvent, dag: Dag): void => {
      events.push(event);
      options.onEvent?.(event, dag);
    };
    const built = this.#dagOf(pipeline, { ...(options as RunOptions), onEvent });
    return new RunHandle(built.dag, events, this.#complete(built, options));
  }

  async #complete<Root>(
    { definition, dag, params, file }: PipelineInputs,
    options: Pick<RunOptions, 'signal' | 'message'>,
  ): Promise<RunResult<Lifted<Awaited<Root>>>> {
    const { signal } = options;
    try {
      const root = await buildRoot(definition, { dag, params }, file);
      await dag.open.run.idle();
      if (signal?.aborted) throw executionError('cancelled', { message: reasonOf(signal) });
      const message = options.message === undefined ? {} : { message: options.message };
      const { dagId, commitId, changed, calls } = await dag.commit(root, message);
      const commit = new Commit(commitId, dag.open.objects);
      const { counts } = dag.open.reporter;
      const nestedCalls = dag.open.run.countNested();
      return {
        commit,
        dagId,
        changed,
        counts,
        calls,
        nestedCalls,
        parameters: params,
        root: dag.root as never,
        dag,
      };
    } catch (error) {
      if (signal?.aborted) throw executionError('cancelled', { message: reasonOf(signal) }, error);
      const { stoppedBy } = dag.open.run;
      // What the pipeline makes of calls that were cancelled hides why.
      // @spec DML-BND-1740
      throw stoppedBy ? dagFailure([stoppedBy]) : error;
    } finally {
      await dag.close();
    }
  }

  /**
   * Runs calls again whose recorded outcome is a failure: of a function, a dag or one call, all without a name. Code and
   * inputs come from the store, and the next run of their pipelines takes the new outcomes. Rejects as `find`.
   */
  async retry(what?: string, options: RetryOptions = {}): Promise<RetryResult> {
    const { author: actor = 'unknown' } = this.#options;
    const { signal } = options;
    const result = await retryFailures({ store: this.store, executor: this.#executor, actor }, what, options);
    if (signal?.aborted) throw executionError('cancelled', { message: reasonOf(signal) });
    return result;
  }

  /**
   * Builds the dag of a pipeline and returns how each of its calls would come to its outcome. No function runs, and
   * nothing is written. A pipeline that asks for the value of a call that would run stops there. Rejects with
   * `pipeline_threw` and `cancelled`.
   */
  async plan(
    pipeline: Pipeline<Dag> | LoadedPipelineOf,
    options: Omit<RunOptions, 'message'> = {},
  ): Promise<RunPlan> {
    let whenUnknown: (node: RunNode) => void = () => {};
    const stopped = new Promise<{ readonly stoppedAt: NodeId }>((resolve) => {
      whenUnknown = ({ nodeId }) => resolve({ stoppedAt: nodeId });
    });
    const { definition, dag, params, file } = this.#dagOf(pipeline, { ...options, whenUnknown });
    const { signal } = options;
    try {
      const built = buildRoot(definition, { dag, params }, file).then((root) => ({
        root,
        stoppedAt: undefined,
      }));
      const end = await Promise.race([built, stopped]);
      const plan = await dag.plan('root' in end ? end : undefined);
      if (signal?.aborted) throw executionError('cancelled', { message: reasonOf(signal) });
      return { ...plan, stoppedAt: end.stoppedAt, dag };
    } catch (error) {
      if (signal?.aborted) throw executionError('cancelled', { message: reasonOf(signal) }, error);
      throw error;
    } finally {
      await dag.close();
    }
  }

  /** Begins the dag of a pipeline. Throws `unknown_name` for a pipeline without a name. */
  #dagOf(
    pipeline: Pipeline<Dag> | LoadedPipelineOf,
    options: RunOptions & Pick<RunRequest, 'whenUnknown'>,
  ): PipelineInputs {
    const loaded = 'pipeline' in pipeline ? pipeline : undefined;
    const definition = (loaded?.pipeline ?? pipeline) as Pipeline<Dag>;
    const name = options.name ?? loaded?.name ?? definition.name;
    if (name === undefined) throw unknownName({ name: 'the pipeline', known: [] });
    const params = bindParameters(definition, options.parameters);
    const folder = options.folder ?? (loaded && dirname(loaded.file));
    const dag = this.#newDag(name, { ...options, ...(folder !== undefined && { folder }) });
    return { definition, dag, params, file: loaded?.file };
  }

  /**
   * Copies the repository into a folder while others write to it, and checks the copy. An earlier backup of this
   * repository in that folder is brought up to date; one that was cut off is continued. The folder is a repository
   * of its own afterwards. Rejects with `backup_refused`, other codes of the store, and the reason of the signal.
   */
  async backup(
    folder: string,
    options: Pick<BackupOptions, 'onProgress' | 'signal'> = {},
  ): Promise<BackupReport> {
    const { trust, user } = this.#options;
    return await backupRepository(this.store, {
      ...options,
      trust,
      user,
      from: this.folder,
      to: resolve(folder),
      program: programName(),
    });
  }

  /** Ends every open dag, its workers, and lets go of the store. */
  async close(): Promise<void> {
    try {
      await this.#executor.close();
    } finally {
      await this.store.close();
    }
  }
}

/** A pipeline as `loadPipeline` returns it. */
export type LoadedPipelineOf = Pick<LoadedPipeline, 'pipeline' | 'name' | 'file'>;

/** Inputs of a pipeline's function. */
interface BuildInputs {
  readonly dag: Dag;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A pipeline with its dag. */
interface PipelineInputs extends BuildInputs {
  readonly definition: Pipeline<Dag>;
  readonly file: string | undefined;
}

async function buildRoot(pipeline: Pipeline<Dag>, { dag, params }: BuildInputs, file = ''): Promise<unknown> {
  try {
    dag.recordParameters(params);
    return await pipeline.build(dag, params as never);
  } catch (error) {
    // What this library refuses or reports has its own code and says where.
    if (isDmlError(error)) throw error;
    const reason =
      error instanceof Error ? error.message : typeof error === 'string' ? error : inspect(error);
    // @spec DML-BND-1205
    throw captureError('pipeline_threw', { file, reason }, error);
  }
}

function reasonOf(signal: AbortSignal | undefined): string {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason.message : String(reason ?? 'cancelled');
}
