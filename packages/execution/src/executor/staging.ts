import { createHash } from 'node:crypto';
import {
  buildTree,
  type CommitId,
  type ExecId,
  type ExecutionKey,
  type NodeId,
  type Records,
  type TreeRoot,
  treeEdit,
} from '@daggerml/object-model';
import { indexRef, ownCommitFacts, type RefName, type Store, type WriteTransaction } from '@daggerml/store';
import type { ObjectBuffer } from '../objects/object-buffer.ts';

export interface StagingOptions {
  readonly objects: ObjectBuffer;
  /** Names the work, so that the next run of the same work finds what an interrupted one left. */
  readonly workName: string;
  /** A commit that is retained; what stems from it is too. */
  readonly baseCommitId: CommitId | undefined;
  /** The commit of the IndexRef, retained as well. */
  readonly stagedCommitId: CommitId | undefined;
  readonly actor: string;
  readonly nowMs: () => number;
}

/** One outcome to keep. */
export interface StagedOutcome {
  readonly nodeId: NodeId;
  readonly execId: ExecId;
  readonly executionKey: ExecutionKey;
  /** The exec of the cache index that the outcome stems from, if it does. */
  readonly foundExecId: ExecId | undefined;
}

/**
 * Keeps outcomes as they come, under an IndexRef that survives the process.
 *
 * The IndexRef's name follows from the work's name, so an interrupted run is continued by the next run of the
 * same work; two runs at once share it and never lose each other's pins.
 */
export class Staging {
  readonly ref: RefName;
  readonly #options: StagingOptions;
  readonly #store: Store;
  readonly #base: Records['commit'] | undefined;
  #commitId: CommitId | null;
  #pins: TreeRoot<'pins'>;
  readonly #own = new Map<NodeId, ExecId>();

  constructor(options: StagingOptions) {
    this.#options = options;
    this.#store = options.objects.store;
    this.ref = stagingRef(options.workName);
    const { objects, baseCommitId, stagedCommitId } = options;
    this.#base = baseCommitId === undefined ? undefined : objects.read('commit', baseCommitId);
    this.#commitId = stagedCommitId ?? null;
    this.#pins = this.#pinsOf(this.#commitId);
  }

  /** Pins of the base commit and of what an earlier run left. */
  get pins(): TreeRoot<'pins'> {
    return this.#pins;
  }

  /** Whether an earlier run of the same work left outcomes behind, or this run has kept some. */
  get isBegun(): boolean {
    return this.#commitId !== null;
  }

  /**
   * Writes everything that the buffer holds and the outcomes given, in one transaction; the outcomes are
   * reachable from the IndexRef when this returns. Yields false, having written nothing, when a cached exec
   * among them is gone.
   *
   * @spec DML-EXE-0606
   * @spec DML-EXE-1008
   * @spec DML-EXE-1010
   */
  keep(outcomes: readonly StagedOutcome[]): boolean {
    const { objects, actor } = this.#options;
    let kept: { commitId: CommitId; pins: TreeRoot<'pins'> } | undefined;
    this.#store.transact('integrate', (transaction) => {
      // @spec DML-EXE-0720
      if (!retainFound(outcomes, transaction)) return;
      const expected = transaction.getRef(this.ref)?.commitId ?? null;
      // Another run of the same work moved the IndexRef: go on from what it has.
      const isMine = expected === this.#commitId;
      const pins = isMine ? this.#pins : this.#withOwn(this.#pinsOf(expected));
      kept = this.#nextCommit(pins, outcomes);
      // @spec DML-EXE-0605
      objects.writeTo(transaction);
      for (const { executionKey, execId } of outcomes) transaction.putCacheEntry(executionKey, execId);
      transaction.updateRef({ ref: this.ref, expected, next: kept.commitId, actor, reason: 'integrate' });
    });
    if (!kept) return false;
    objects.clear();
    for (const { nodeId, execId } of outcomes) this.#own.set(nodeId, execId);
    this.#commitId = kept.commitId;
    this.#pins = kept.pins;
    return true;
  }

  /** Lets go of the IndexRef inside a transaction that makes its outcomes reachable otherwise. */
  release(transaction: { updateRef: Store['updateRef'] }): void {
    if (this.#commitId === null) return;
    // Moved by another run, it stays for that one.
    transaction.updateRef({
      ref: this.ref,
      expected: this.#commitId,
      next: null,
      actor: this.#options.actor,
      reason: 'committed',
    });
    this.#commitId = null;
  }

  #withOwn(pins: TreeRoot<'pins'>): TreeRoot<'pins'> {
    return treeEdit('pins', pins, pinChanges(this.#own), this.#options.objects);
  }

  #nextCommit(
    before: TreeRoot<'pins'>,
    outcomes: readonly StagedOutcome[],
  ): { commitId: CommitId; pins: TreeRoot<'pins'> } {
    const { objects, baseCommitId, actor, nowMs, workName } = this.#options;
    const changes = pinChanges(outcomes.map(({ nodeId, execId }) => [nodeId, execId]));
    const pins = treeEdit('pins', before, changes, objects);
    const treeId = this.#base?.treeId ?? objects.put({ type: 'tree', dags: buildTree('dags', [], objects) });
    const commitId = objects.put({
      type: 'commit',
      treeId,
      parentCommitIds: baseCommitId === undefined ? [] : [baseCommitId],
      pins,
      requests: this.#base?.requests ?? [],
      ...ownCommitFacts(actor, nowMs(), `work in progress: ${workName}`),
    });
    return { commitId, pins };
  }

  /** What a staged commit has, on top of the base. */
  #pinsOf(commitId: CommitId | null): TreeRoot<'pins'> {
    const { objects } = this.#options;
    const base = this.#base?.pins ?? [];
    const staged = commitId === null ? undefined : objects.get('commit', commitId);
    return staged ? staged.pins : base;
  }
}

/** Yields whether all cached execs are still there; they and what they consist of stay then. */
function retainFound(outcomes: readonly StagedOutcome[], transaction: WriteTransaction): boolean {
  return outcomes.every(
    ({ foundExecId }) => foundExecId === undefined || transaction.retain('exec', foundExecId),
  );
}

function* pinChanges(
  pins: Iterable<readonly [NodeId, ExecId]>,
): Generator<{ set: readonly [NodeId, ExecId] }> {
  for (const pin of pins) yield { set: pin };
}

/** Yields the IndexRef that runs of some work share. */
export function stagingRef(workName: string): RefName {
  return indexRef(uuidOf(workName));
}

/** A version 8 UUID that follows from a text. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(`daggerml/index/${text}`).digest('hex');
  const variant = ((Number.parseInt(hex[16] as string, 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
