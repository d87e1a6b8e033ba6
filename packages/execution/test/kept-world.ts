import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildTree,
  type CommitId,
  type DatumId,
  type ExecId,
  type ExecutionKey,
  executionKey,
  type NodeId,
  type PageId,
  type PageStore,
} from '@daggerml/object-model';
import { headRef, openStore, type Store, type WriteTransaction } from '@daggerml/store';
import { afterTests } from '@daggerml/testkit';

/** Facts of a call of a test. */
export interface CallFacts {
  readonly input: string;
  readonly value?: string;
  readonly status?: 'ok' | 'error';
  readonly functionName?: string;
  readonly made?: readonly KeptCall[];
  readonly sourceExecId?: ExecId;
  /** Node of the input; a literal of the text by default. */
  readonly inputNodeId?: NodeId;
}

/** A call with its outcome. */
export interface KeptCall {
  readonly nodeId: NodeId;
  readonly execId: ExecId;
  readonly key: ExecutionKey;
}

/** Opens a fresh store for the length of the test. */
export async function openFixture(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'dml-kept-'));
  const store = await openStore(join(folder, 'store'), { mode: 'write', create: true, program: 'test' });
  afterTests('test', async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return store;
}

function pagesOf(transaction: WriteTransaction): PageStore {
  return {
    getPage: (pageId) => transaction.get('page', pageId),
    putPage: (bytes) => transaction.put('page', bytes) as PageId,
  };
}

/** Puts a function by its name, as the commits that call it bring it. */
export function putFunction(transaction: WriteTransaction, name = 'f'): DatumId {
  return transaction.putRecord({ type: 'datum', kind: 'uri', value: `dml+exec://suite/${name}` as never });
}

/** Puts a call of a function with a text, and its outcome. */
export function putCall(
  transaction: WriteTransaction,
  {
    input,
    value = `${input} done`,
    status = 'ok',
    functionName,
    made = [],
    sourceExecId,
    inputNodeId,
  }: CallFacts,
): KeptCall {
  const functionDatumId = putFunction(transaction, functionName);
  const text = (content: string): DatumId =>
    transaction.putRecord({ type: 'datum', kind: 'string', value: content });
  const literal = (datumId: DatumId): NodeId =>
    transaction.putRecord({ type: 'node', kind: 'literal', datumId });
  const inputDatumId = text(input);
  const nodeId = transaction.putRecord({
    type: 'node',
    kind: 'call',
    functionDatumId,
    inputs: [inputNodeId ?? literal(inputDatumId)],
  });
  const isDerived = sourceExecId !== undefined;
  const execId = transaction.putRecord({
    type: 'exec',
    nodeKind: 'call',
    nodeId,
    functionDatumId,
    inputs: [inputDatumId],
    status,
    resultDagId: transaction.putRecord({ type: 'dag', rootNodeId: literal(text(value)), names: [] }),
    pins: pinsOf(transaction, made),
    requestId: null,
    sourceExecId: sourceExecId ?? null,
    startedMs: isDerived ? null : 1,
    finishedMs: isDerived ? null : 2,
    receiptDatumId: isDerived ? null : text('receipt'),
    detailsDatumId: null,
  });
  return { nodeId, execId, key: executionKey(functionDatumId, [inputDatumId]) };
}

function pinsOf(
  transaction: WriteTransaction,
  calls: readonly KeptCall[],
): ReturnType<typeof buildTree<'pins'>> {
  const pins = new Map(calls.map(({ nodeId, execId }) => [nodeId, execId]));
  const sorted = [...pins].sort(([left], [right]) => (left < right ? -1 : 1));
  return buildTree('pins', sorted, pagesOf(transaction));
}

/** Commits calls to a branch, on top of what it has. */
export function commitCalls(store: Store, facts: readonly CallFacts[], branch = 'main'): KeptCall[] {
  return store.transact('test', (transaction) => {
    const calls = facts.map((each) => putCall(transaction, each));
    commitExecs(transaction, calls, branch);
    return calls;
  });
}

/** Commits calls that were put. */
export function commitExecs(
  transaction: WriteTransaction,
  calls: readonly KeptCall[],
  branch = 'main',
): CommitId {
  const ref = headRef(branch);
  const before = transaction.getRef(ref)?.commitId ?? null;
  const next = transaction.putRecord({
    type: 'commit',
    treeId: transaction.putRecord({ type: 'tree', dags: [] }),
    parentCommitIds: before === null ? [] : [before],
    pins: pinsOf(transaction, calls),
    requests: [],
    author: 'test',
    authoredMs: 1,
    committer: 'test',
    committedMs: 1,
    message: '',
    detailsDatumId: null,
  });
  transaction.updateRef({ ref, expected: before, next, actor: 'test', reason: 'test' });
  return next;
}

/** Keeps a function in a store, as a branch that calls it does. */
export function keepFunction(store: Store, name = 'f'): void {
  commitCalls(store, [{ input: 'somewhere else', functionName: name }], `of-${name}`);
}
