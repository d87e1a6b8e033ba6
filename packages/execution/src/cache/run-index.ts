import { createHash } from 'node:crypto';
import {
  buildTree,
  type CommitId,
  type ExecId,
  type ExecRequestId,
  type ExecutionKey,
  type LeafEntries,
  type NodeId,
  type Records,
  type TreeId,
  type TreeRoot,
  treeEdit,
  treeEntries,
} from '@daggerml/object-model';
import type { PinScope } from '@daggerml/repository';
import { indexRef, ownCommitFacts, type RefName, type Store, type WriteTransaction } from '@daggerml/store';
import type { ObjectBuffer } from '../objects/object-buffer.ts';

export interface RunIndexOptions {
  readonly objects: ObjectBuffer;
  /** Names the work, so that the next run of the same work finds what an interrupted one left. */
  readonly workName: string;
  /** Message of its commits; one that names the work by default. */
  readonly message?: string | undefined;
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
  /** The shared cache that the outcome came from. */
  readonly origin?: string | undefined;
  /** The attempt that has come to its end with the outcome, where the store knows of it. */
  readonly executionUuid?: string | undefined;
}

/** The newest exec-request of a node. */
export type StagedRequest = readonly [NodeId, ExecRequestId];

/** Pins that one commit holds before a new one is begun on top of it. */
const MAX_LEVEL_PINS = 4096;

/**
 * Keeps outcomes as they come, under an IndexRef that survives the process.
 *
 * The IndexRef's name follows from the work's name, so an interrupted run is continued by the next run of the
 * same work; two runs at once share it and never lose each other's pins.
 *
 * Its commit holds the newest pins alone; older ones are in its parents that are of the same work. So a batch rewrites
 * the pages of a few thousand pins at most, however many outcomes there are.
 */
export class RunIndex {
  readonly ref: RefName;
  readonly #options: RunIndexOptions;
  readonly #store: Store;
  readonly #base: Records['commit'] | undefined;
  /** The newest commit of this run, or the one that an earlier run left. */
  #commitId: CommitId | null;
  /** Of the newest commit, where this run may go on from it. */
  #level: Level | undefined;
  /** Makes the tree of the next commit, inside of its transaction, where the IndexRef names `found`. */
  planTree: ((found: CommitId | null) => TreeId) | undefined;
  /** Requests that an earlier run left open; undefined before they are asked for. */
  #openRequests: ReadonlyMap<NodeId, ExecRequestId> | undefined;
  /** Attempts of this run that the store knows of. */
  readonly #attempts = new Set<string>();

  constructor(options: RunIndexOptions) {
    this.#options = options;
    this.#store = options.objects.store;
    this.ref = runIndexRef(options.workName);
    const { objects, baseCommitId, stagedCommitId } = options;
    this.#base = baseCommitId === undefined ? undefined : objects.read('commit', baseCommitId);
    this.#commitId = stagedCommitId ?? null;
  }

  /** Checks whether an earlier run of the same work left outcomes behind, or this run has kept some. */
  get isBegun(): boolean {
    return this.#commitId !== null;
  }

  /** The newest commit of this run, or the one that an earlier run left; null before there is one. */
  get commitId(): CommitId | null {
    return this.#commitId;
  }

  /** Returns the scope of the outcomes that are kept under the IndexRef, read when it is first asked. */
  scope(): PinScope {
    let pins: ReadonlyMap<NodeId, ExecId> | undefined;
    return {
      getPin: (nodeId) => {
        pins ??= new Map(indexPins(this.#commitId, this.#options.objects));
        return pins.get(nodeId);
      },
    };
  }

  /**
   * Writes everything that the buffer holds and the outcomes given, in one transaction; the outcomes are
   * reachable from the IndexRef when this returns. Returns false, having written nothing, when a cached exec
   * among them is gone.
   */
  keep(outcomes: readonly StagedOutcome[]): boolean {
    return this.#write('integrate', { outcomes, requests: [] }, (transaction) => {
      for (const { executionKey, execId, executionUuid, origin } of outcomes) {
        transaction.putCacheEntry(executionKey, execId, origin);
        // @spec DML-EXE-1207
        if (executionUuid !== undefined) transaction.deleteAttempt(executionUuid);
      }
    });
  }

  /** Writes requests of calls that are about to be submitted, and what else belongs to them, in one transaction. */
  keepRequests(
    requests: readonly StagedRequest[],
    also: (transaction: Pick<WriteTransaction, 'putAttempt' | 'deleteAttempt'>) => void,
  ): void {
    this.#write('request', { outcomes: [], requests }, (transaction) =>
      also({
        putAttempt: (row) => {
          this.#attempts.add(row.executionUuid);
          transaction.putAttempt(row);
        },
        deleteAttempt: (executionUuid) => transaction.deleteAttempt(executionUuid),
      }),
    );
  }

  /** Returns the newest request of a node that an earlier run of the same work left without an outcome. */
  openRequest(nodeId: NodeId): ExecRequestId | undefined {
    const { objects, stagedCommitId = null } = this.#options;
    if (!this.#openRequests) {
      const requests = new Map(indexEntries('requests', stagedCommitId, objects));
      for (const [pinned] of indexPins(stagedCommitId, objects)) requests.delete(pinned);
      this.#openRequests = requests;
    }
    return this.#openRequests.get(nodeId);
  }

  #write(label: string, staged: Staged, also: (transaction: WriteTransaction) => void): boolean {
    const { objects, actor } = this.#options;
    if (objects.isDry) return true;
    let kept: { commitId: CommitId; level: Level } | undefined;
    this.#store.transact(label, (transaction) => {
      // @spec DML-EXE-0720
      if (!retainFound(staged.outcomes, transaction)) return;
      const expected = transaction.getRef(this.ref)?.commitId ?? null;
      // @spec DML-EXE-0606
      kept = this.#nextCommit(this.#levelOn(expected), staged, this.planTree?.(expected));
      // @spec DML-EXE-0605 DML-EXE-1008 DML-EXE-1010
      objects.writeTo(transaction);
      also(transaction);
      transaction.updateRef({ ref: this.ref, expected, next: kept.commitId, actor, reason: label });
    });
    if (!kept) return false;
    objects.clear();
    this.#commitId = kept.commitId;
    this.#level = kept.level;
    return true;
  }

  /** Deletes the IndexRef inside a transaction that makes its outcomes reachable otherwise. */
  release(transaction: Pick<WriteTransaction, 'updateRef' | 'deleteAttempt'>): void {
    if (this.#commitId === null) return;
    for (const executionUuid of this.#attempts) transaction.deleteAttempt(executionUuid);
    // Moved by another run, it stays for that one.
    transaction.updateRef({
      ref: this.ref,
      expected: this.#commitId,
      next: null,
      actor: this.#options.actor,
      reason: 'committed',
    });
    this.#level = undefined;
  }

  /** Returns the level to continue, where the IndexRef names `found`: a new one when another run moved it. */
  #levelOn(found: CommitId | null): Level {
    const level = this.#level;
    // @spec DML-EXE-2340
    if (level && found === this.#commitId && level.count < MAX_LEVEL_PINS) return level;
    const { baseCommitId } = this.#options;
    const parents = [baseCommitId, found, this.#commitId].filter((id) => id !== null && id !== undefined);
    const requests = this.#base?.requests ?? [];
    return { parentCommitIds: [...new Set(parents)], pins: [], requests, count: 0 };
  }

  #nextCommit(
    before: Level,
    staged: Staged,
    plannedTreeId: TreeId | undefined,
  ): { commitId: CommitId; level: Level } {
    const { outcomes } = staged;
    const { objects, actor, nowMs, workName, message = messageOf(workName) } = this.#options;
    const changes = entryChanges(outcomes.map(({ nodeId, execId }) => [nodeId, execId] as const));
    const { parentCommitIds } = before;
    const pins = treeEdit('pins', before.pins, changes, objects);
    const requests =
      staged.requests.length === 0
        ? before.requests
        : treeEdit('requests', before.requests, entryChanges(staged.requests), objects);
    const baseTreeId = plannedTreeId ?? this.#base?.treeId;
    const treeId = baseTreeId ?? objects.put({ type: 'tree', dags: buildTree('dags', [], objects) });
    const commitId = objects.put({
      type: 'commit',
      treeId,
      parentCommitIds,
      pins,
      requests,
      ...ownCommitFacts(actor, nowMs(), message),
    });
    const count = before.count + outcomes.length + staged.requests.length;
    return { commitId, level: { parentCommitIds, pins, requests, count } };
  }
}

/** Additions of one transaction to the commit of the IndexRef. */
interface Staged {
  readonly outcomes: readonly StagedOutcome[];
  readonly requests: readonly StagedRequest[];
}

/** The pins and requests of one commit of a run. */
interface Level {
  readonly parentCommitIds: readonly CommitId[];
  readonly pins: TreeRoot<'pins'>;
  readonly requests: TreeRoot<'requests'>;
  readonly count: number;
}

const MESSAGE = 'work in progress: ';

function messageOf(workName: string): string {
  return `${MESSAGE}${workName}`;
}

/** Returns the name of the work that a commit of an IndexRef is of. */
export function workNameOf(message: string | undefined): string | undefined {
  return message?.startsWith(MESSAGE) ? message.slice(MESSAGE.length) : undefined;
}

/** Iterates the pins below the commit of an IndexRef, those of older commits first. */
export function indexPins(
  commitId: CommitId | null,
  objects: ObjectBuffer,
): Generator<readonly [NodeId, ExecId]> {
  return indexEntries('pins', commitId, objects);
}

function* indexEntries<Role extends 'pins' | 'requests'>(
  role: Role,
  commitId: CommitId | null,
  objects: ObjectBuffer,
): Generator<LeafEntries[Role]> {
  const levels: TreeRoot<Role>[] = [];
  const reached = new Set(commitId === null ? [] : [commitId]);
  let message: string | undefined;
  for (const id of reached) {
    const commit = objects.get('commit', id);
    message ??= commit?.message;
    // The other parents are what the runs were based on.
    if (!commit || commit.message !== message) continue;
    levels.push(commit[role] as TreeRoot<Role>);
    for (const parentId of commit.parentCommitIds) reached.add(parentId);
  }
  for (const level of levels.reverse()) yield* treeEntries(role, level, objects);
}

/** Checks whether all cached execs are still there; they and what they consist of stay then. */
function retainFound(outcomes: readonly StagedOutcome[], transaction: WriteTransaction): boolean {
  return outcomes.every(
    ({ foundExecId }) => foundExecId === undefined || transaction.retain('exec', foundExecId),
  );
}

function* entryChanges<Entry>(entries: Iterable<Entry>): Generator<{ set: Entry }> {
  for (const entry of entries) yield { set: entry };
}

/** Returns the IndexRef that runs of some work share. */
export function runIndexRef(workName: string): RefName {
  return indexRef(uuidOf(workName));
}

/** Returns a version 8 UUID computed from a text. */
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
