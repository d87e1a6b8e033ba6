import type { CallOptions } from '@daggerml/capture';
import {
  type CallCounts,
  type CallFailure,
  type Executor,
  type FailedOutcome,
  openWork,
  pinnedFailures,
  type RunEvent,
  RunObjects,
  workFailures,
} from '@daggerml/execution';
import { type ExecId, isDmlError, type NodeId } from '@daggerml/object-model';
import {
  branchOf,
  type CallText,
  callText,
  dagNodes,
  dagsOf,
  findNamed,
  type NamedObject,
  nameOfFunction,
  RecordReader,
  repositoryError,
  scopeOf,
  unknownName,
} from '@daggerml/repository';
import { headRef, type RefName, type Store } from '@daggerml/store';
import type { Dag } from './dag.ts';

export interface RetryOptions {
  /** Hears the events of the calls; `calls.describeCall` says which call one is about. */
  readonly onEvent?: (event: RunEvent, calls: Pick<Dag, 'describeCall'>) => void;
  /** Cancels the calls; those that are complete stay known. */
  readonly signal?: AbortSignal;
  /** Options of every call; those that a pipeline gave are not recorded. */
  readonly callOptions?: CallOptions;
}

/** A call that was run again. */
export interface RetriedCall {
  readonly nodeId: NodeId;
  /** The call with its inputs, as its author would write it. */
  readonly call: string;
  /** The dag that it failed for. */
  readonly dag: string;
  readonly status: 'ok' | 'error';
  readonly execId: ExecId | undefined;
  readonly failure: CallFailure | undefined;
}

/** Result of running failed calls again. */
export interface RetryResult {
  readonly calls: readonly RetriedCall[];
  readonly counts: CallCounts;
}

interface RetryContext {
  readonly store: Store;
  readonly executor: Executor;
  readonly actor: string;
}

const NO_CALLS: CallCounts = { executed: 0, cached: 0, failed: 0, blocked: 0, cancelled: 0 };

/** Runs the calls again that failed, from records alone. */
export async function retryFailures(
  context: RetryContext,
  what: string | undefined,
  options: RetryOptions,
): Promise<RetryResult> {
  const failures = selectedFailures(context.store, what);
  const calls: RetriedCall[] = [];
  const counts = { ...NO_CALLS };
  for (const workName of new Set(failures.map((failure) => failure.workName))) {
    const ofWork = failures.filter((failure) => failure.workName === workName);
    const retried = await retryWork(context, { workName, failures: ofWork }, options);
    calls.push(...retried.calls);
    for (const outcome of Object.keys(counts) as (keyof CallCounts)[])
      counts[outcome] += retried.counts[outcome];
  }
  return { calls, counts };
}

/** Runs the failed calls of one work, in whose place the next run of that work looks for outcomes. */
async function retryWork(
  { store, executor, actor }: RetryContext,
  { workName, failures }: { readonly workName: string; readonly failures: readonly FailedOutcome[] },
  { onEvent, signal, callOptions }: RetryOptions,
): Promise<RetryResult> {
  const { dag, branch } = partsOf(workName);
  const reader = new RecordReader(store);
  const describeCall = (nodeId: NodeId): CallText => callText(reader, nodeId, { nameOf: () => undefined });
  const base = branch === undefined ? undefined : headRef(branch);
  const open = executor.openRun({
    workName,
    base,
    actor,
    onEvent: onEvent && ((event) => onEvent(event, { describeCall })),
    signal,
  });
  try {
    store.transact('hold', (transaction) => {
      for (const { execId } of failures) transaction.retain('exec', execId);
    });
    // @spec DML-BND-1745
    const nodes = failures.map(({ exec }) =>
      open.run.addRecorded(exec, { ...callOptions, retryFailed: true }),
    );
    await open.run.idle();
    const calls = nodes.map(({ nodeId, status, execId, failure }) => ({
      nodeId,
      call: describeCall(nodeId).text,
      dag,
      status: status === 'ok' ? ('ok' as const) : ('error' as const),
      execId,
      failure,
    }));
    return { calls, counts: open.reporter.counts };
  } finally {
    await open.close();
  }
}

/** Returns the dag and branch that a work is named after. */
function partsOf(workName: string): { readonly dag: string; readonly branch: string | undefined } {
  const at = workName.lastIndexOf(ON);
  return at < 0
    ? { dag: workName, branch: undefined }
    : { dag: workName.slice(0, at), branch: workName.slice(at + ON.length) };
}

const ON = ' on ';

/** Returns the name of the work of a dag on a branch. */
export function workNameOf(dag: string, branch: RefName): string {
  return `${dag}${ON}${branchOf(branch)}`;
}

/**
 * Lists the failures that a name stands for: of a function, a dag or one call; all without a name.
 *
 * @spec DML-BND-1746
 */
function selectedFailures(store: Store, what: string | undefined): readonly FailedOutcome[] {
  const objects = new RunObjects(store);
  const failures = distinct([...workFailures(objects), ...committedFailures(store, objects)]);
  if (what === undefined) return failures;
  const reader = new RecordReader(store);
  const functionOf = ({ exec }: FailedOutcome): string => nameOfFunction(reader, exec.functionDatumId);
  const named = failures.filter(
    (failure) => functionOf(failure) === what || partsOf(failure.workName).dag === what,
  );
  if (named.length > 0 || openWork(objects).some(({ workName }) => partsOf(workName).dag === what))
    return named;
  const found = foundOr(reader, what, () =>
    failures.flatMap((failure) => [functionOf(failure), partsOf(failure.workName).dag]),
  );
  return failureOf(reader, what, found, failures);
}

/** Finds the object of a name; an unknown one is compared with the functions and dags that have failures. */
function foundOr(reader: RecordReader, what: string, known: () => readonly string[]): NamedObject {
  try {
    return findNamed(reader, what);
  } catch (error) {
    // @spec DML-BND-1747
    if (isDmlError(error, 'unknown_name'))
      throw unknownName({ name: what, word: what, detail: 'failure', known: known() });
    throw error;
  }
}

/** Returns the failure of a call or exec; none for a dag or call that did not fail. */
function failureOf(
  reader: RecordReader,
  name: string,
  found: NamedObject,
  failures: readonly FailedOutcome[],
): readonly FailedOutcome[] {
  if (found.class === 'dag') return [];
  if (found.class !== 'node' && found.class !== 'exec')
    throw repositoryError('wrong_class', { name, found: found.class, wanted: 'call' });
  const execId =
    found.class === 'exec'
      ? (found.objectId as ExecId)
      : scopeOf(reader, found).getPin(found.objectId as NodeId);
  if (execId === undefined) throw repositoryError('not_executed', { nodeId: found.objectId });
  const exec = reader.read('exec', execId);
  const listed = failures.filter((failure) => failure.exec.nodeId === exec.nodeId);
  if (listed.length > 0 || exec.nodeKind !== 'call' || exec.status === 'ok') return listed;
  return [{ execId, exec, workName: workNameOf('retry', reader.store.head()) }];
}

/** Lists the failures that the dags of the current branch go on with. */
function committedFailures(store: Store, objects: RunObjects): FailedOutcome[] {
  const branch = store.head();
  const commitId = store.getRef(branch)?.commitId;
  const commit = commitId && objects.read('commit', commitId);
  const failures = commit ? pinnedFailures(commit.pins, objects) : [];
  if (!commit || failures.length === 0) return [];
  return dagsOf(new RecordReader(store), commit).flatMap(({ name, dagId }) => {
    const nodeIds = dagNodes(dagId, objects);
    const ofDag = failures.filter(({ exec }) => nodeIds.has(exec.nodeId));
    return ofDag.map((failure) => ({ ...failure, workName: workNameOf(name, branch) }));
  });
}

/** Returns each call of a work once. */
function distinct(failures: readonly FailedOutcome[]): FailedOutcome[] {
  return [
    ...new Map(failures.map((failure) => [`${failure.exec.nodeId} ${failure.workName}`, failure])).values(),
  ];
}
