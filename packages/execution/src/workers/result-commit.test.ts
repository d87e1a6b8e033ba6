import { buildTree, type CommitId, type NodeId, type Records, recordLinks } from '@daggerml/object-model';
import { putFailure, putResultDag } from '@daggerml/repository';
import { ownCommitFacts } from '@daggerml/store';
import { lowerValue } from '@daggerml/values';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestRun, Workspace } from '../../test/workspace.ts';
import type { Submission } from '../adapters/port.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { computedOf, type RunNode } from '../run/run-node.ts';
import { type CallResult, putResultCommit, readResultCommit } from './result-commit.ts';
import { putSnapshot, readSnapshot } from './snapshot.ts';

const STEPS = `
export const half = (n) => n / 2;
export const sizes = (value) => JSON.stringify(value).length;
`;
const AUTHOR = { actor: 'ada', nowMs: 5 };

let workspace: Workspace;
let run: TestRun;
let objects: RunObjects;
beforeEach(async () => {
  workspace = await Workspace.create(STEPS);
  run = workspace.begin();
  objects = run.open.objects;
});
afterEach(() => workspace.close());

/** Returns a call of the run that has its outcome, with how it is submitted. */
async function called(value: unknown): Promise<{ node: RunNode; submission: Submission }> {
  const node = run.call('sizes', [value, { large: 'x'.repeat(100_000) }]);
  const inputs = (): Submission['inputDatumIds'] => node.inputs.map(({ valueId }) => valueId as never);
  await run.open.run.settled(node);
  const submission: Submission = {
    nodeId: node.nodeId,
    functionUri: node.callee?.uri ?? '',
    inputDatumIds: inputs(),
    executionKey: node.computed ? computedOf(node).executionKey : ('' as never),
    attempt: 1,
    timeoutMs: 700,
    options: { retries: 3, retryOn: ['ECONNRESET'], cache: false, needs: { gpu: 1 } },
    limits: { maxMemoryMb: 5 },
  };
  return { node, submission };
}

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'none';
  } catch (error) {
    const { code, fields } = error as { code: string; fields: { message?: string } };
    return `${code}: ${fields.message ?? ''}`;
  }
}

describe('a snapshot of a call', () => {
  it('has the form of the document, with all that function and inputs reach [DML-EXE-1601]', async () => {
    const { node, submission } = await called({ one: [1, 2, 3] });
    const commitId = putSnapshot(submission, objects, AUTHOR);
    const commit = objects.read('commit', commitId);
    expect(commit).toMatchObject({ parentCommitIds: [], pins: [], requests: [], author: 'ada' });
    const dags = [...treeOf(commit)];
    expect(dags.map(([name]) => name)).toEqual([`call-${node.nodeId}`]);
    const call = readSnapshot(commitId, objects);
    expect(call).toEqual({
      nodeId: node.nodeId,
      rootNodeId: objects.read('dag', dags[0]?.[1] as never).rootNodeId,
      functionDatumId: node.callee?.functionDatumId,
      inputDatumIds: submission.inputDatumIds,
      options: { retries: 3, retryOn: ['ECONNRESET'], cache: false, needs: { gpu: 1 }, timeoutMs: 700 },
      limits: { maxMemoryMb: 5 },
    });
    // Everything that it reaches is there, the bundle of the function among it.
    const reached = new Map<string, string>([[commitId, 'commit']]);
    for (const [id, objectClass] of reached) {
      expect(objects.hasBytes(objectClass as 'commit', id)).toBe(true);
      if (objectClass === 'chunk') continue;
      for (const link of recordLinks(objects.read(objectClass as 'commit', id as CommitId)))
        reached.set(link.id, link.objectClass);
    }
    const bundle = /[0-9a-f]{64}/.exec(submission.functionUri)?.[0] ?? '';
    expect(reached.has(bundle)).toBe(true);
    expect(submission.inputDatumIds.every((id) => reached.has(id))).toBe(true);
    // And nothing of the run besides.
    expect([...reached.values()].filter((objectClass) => objectClass === 'exec')).toEqual([]);
  });

  it('is refused where it is none [DML-EXE-1610]', async () => {
    const { submission } = await called(1);
    const whole = objects.read('commit', putSnapshot(submission, objects, AUTHOR));
    const literal = objects.put({ type: 'node', kind: 'literal', datumId: lowerValue(1, objects, '') });
    const [[name, dagId]] = [...treeOf(whole)] as [[string, never]];
    const { rootNodeId } = objects.read('dag', dagId);
    const call = objects.read('node', rootNodeId) as Records['node'] & { kind: 'call' };
    const nested = objects.put({ ...call, inputs: [rootNodeId] } as never) as NodeId;
    const dagOf = (root: NodeId): never => objects.put({ type: 'dag', rootNodeId: root, names: [] }) as never;
    const details = (value: unknown): Partial<Records['commit']> => ({
      detailsDatumId: lowerValue(value, objects, ''),
    });
    const wrong: readonly Partial<Records['commit']>[] = [
      treeWith([]),
      treeWith([
        [name, dagId],
        [`call-${'0'.repeat(64)}`, dagId],
      ]),
      treeWith([['call-x', dagId]]),
      treeWith([[`result-${submission.nodeId}`, dagId]]),
      treeWith([[name, dagOf(literal)]]),
      treeWith([[name, dagOf(nested)]]),
      { detailsDatumId: null },
      details({ schema: 2, options: {} }),
      details({ schema: 1 }),
      details({ schema: 1, options: { cache: 'yes' } }),
      details({ schema: 1, options: {}, limits: { maxMemoryMb: -1 } }),
      details({ schema: 1, options: {}, more: 1 }),
    ];
    for (const change of wrong) {
      const id = objects.put({ ...whole, ...change } as never) as CommitId;
      expect(codeOf(() => readSnapshot(id, objects))).toMatch(/^snapshot_invalid: ./);
    }
  });
});

function* treeOf(commit: Records['commit']): Generator<readonly [string, string]> {
  const { dags } = objects.read('tree', commit.treeId);
  if (Array.isArray(dags)) yield* dags as unknown as [string, string][];
}

function treeWith(dags: readonly (readonly [string, never])[]): Partial<Records['commit']> {
  const root = buildTree(
    'dags',
    [...dags].sort(([left], [right]) => (left < right ? -1 : 1)),
    objects,
  );
  return { treeId: objects.put({ type: 'tree', dags: root }) };
}

describe('a result commit', () => {
  let nodeId: NodeId;
  let snapshotId: CommitId;
  let result: CallResult;
  beforeEach(async () => {
    const { node, submission } = await called([1]);
    nodeId = node.nodeId;
    snapshotId = putSnapshot(submission, objects, AUTHOR);
    const exec = run.exec(node);
    result = {
      outcome: 'ok',
      resultDagId: exec.resultDagId,
      pins: exec.pins,
      startedMs: 10,
      finishedMs: 20,
      receiptDatumId: exec.receiptDatumId as never,
    };
  });

  const read = (commitId: CommitId): CallResult =>
    readResultCommit(commitId, { nodeId, snapshotId }, objects);
  const put = (changes: Partial<CallResult> = {}): CommitId =>
    putResultCommit({ ...result, ...changes }, { nodeId, snapshotId }, { objects, author: AUTHOR });
  const changed = (change: Partial<Records['commit']>, of = put()): CommitId =>
    objects.put({ ...objects.read('commit', of), ...change } as never) as CommitId;

  it('is read as it was made [DML-EXE-1312]', () => {
    expect(read(put())).toEqual(result);
    const failure = { code: 'function_threw', message: 'no', trace: ['at x'] };
    const resultDagId = putResultDag(putFailure(failure, objects), objects);
    expect(read(put({ outcome: 'error', resultDagId }))).toEqual({
      ...result,
      outcome: 'error',
      resultDagId,
    });
    // A value that looks like a failure is a value where the commit says so.
    expect(read(put({ resultDagId }))).toEqual({ ...result, resultDagId });
    const elsewhere = objects.put({
      type: 'commit',
      treeId: objects.read('commit', put()).treeId,
      parentCommitIds: [],
      pins: [],
      requests: [],
      ...ownCommitFacts('ada', 5, 'something'),
    });
    expect(codeOf(() => read(elsewhere))).toMatch(/^wrong_result: ./);
    expect(codeOf(() => read(changed({ requests: [[nodeId, 'ab'.repeat(32)]] as never })))).toMatch(
      /^wrong_result: it has requests/,
    );
  });

  it('is refused with another parent than the snapshot alone [DML-EXE-1602]', () => {
    for (const parentCommitIds of [[], [put()], [snapshotId, put()], [put(), snapshotId]])
      expect(codeOf(() => read(changed({ parentCommitIds })))).toMatch(/^wrong_result: its only parent/);
  });

  it('is refused with another dag than that of the call [DML-EXE-1607]', () => {
    const dagId = result.resultDagId as never;
    const name = `result-${nodeId}`;
    for (const dags of [
      [],
      [[`result-${'0'.repeat(64)}`, dagId]],
      [
        [name, dagId],
        ['result-x', dagId],
      ],
    ] as [string, never][][])
      expect(codeOf(() => read(changed(treeWith(dags))))).toMatch(/^wrong_result: it has other dags/);
  });

  it('is refused with other pins than those of its dag [DML-EXE-1608]', async () => {
    const half = run.call('half', [4]);
    await run.open.run.settled(half);
    const resultDagId = objects.put({ type: 'dag', rootNodeId: half.nodeId, names: [] });
    const pins = [[half.nodeId, half.execId as never]] as never;
    expect(read(put({ resultDagId, pins }))).toEqual({ ...result, resultDagId, pins });
    const other = run.call('half', [6]);
    await run.open.run.settled(other);
    const wrong = [
      put({ resultDagId, pins: [] as never }),
      put({ pins }),
      put({ resultDagId, pins: [[half.nodeId, other.execId]] as never }),
    ];
    for (const commitId of wrong) expect(codeOf(() => read(commitId))).toMatch(/^wrong_result: ./);
  });

  it('is refused with other details, or a failure that is none [DML-EXE-1609]', () => {
    const receipt = { schema: 1 };
    const whole = { schema: 1, outcome: 'ok', startedMs: 10, finishedMs: 20, receipt };
    const details = (value: unknown): CommitId => changed({ detailsDatumId: lowerValue(value, objects, '') });
    expect(read(details(whole)).outcome).toBe('ok');
    for (const value of [
      { ...whole, outcome: 'maybe' },
      { ...whole, startedMs: -1 },
      { ...whole, startedMs: 1.5 },
      { ...whole, startedMs: 21 },
      { ...whole, receipt: 'none' },
      { ...whole, more: 1 },
      { ...whole, schema: 0 },
      { outcome: 'ok' },
      'text',
    ])
      expect(codeOf(() => read(details(value)))).toMatch(/^wrong_result: its details/);
    expect(codeOf(() => read(changed({ detailsDatumId: null })))).toMatch(/^wrong_result: its details/);
    expect(codeOf(() => read(put({ outcome: 'error' })))).toMatch(
      /^wrong_result: it says that the call failed/,
    );
  });

  it('of a newer version is refused as such [DML-EXE-0882]', () => {
    const detailsDatumId = lowerValue({ schema: 2, anything: 1 }, objects, '');
    expect(codeOf(() => read(changed({ detailsDatumId })))).toMatch(
      /^wrong_result: it is of a newer version/,
    );
  });

  it('that lacks an object is the fault of who made it', () => {
    const missing = changed({ detailsDatumId: 'ab'.repeat(32) as never });
    expect(codeOf(() => read(missing))).toMatch(/^wrong_result: ./);
  });
});
