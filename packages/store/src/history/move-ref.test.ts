import type {
  CommitId,
  DagId,
  DatumId,
  ExecId,
  ExecRequestId,
  ExecutionKey,
  NodeId,
} from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { putFunction, putRequestOf } from '../../test/calls.ts';
import { openFixture, setRef } from '../../test/fixture-store.ts';
import {
  type CommitParts,
  type ObjectSink,
  putCall,
  putCommit,
  putDag,
  putExec,
  putLiteral,
  putRecord,
  putText,
  putTextDag,
} from '../../test/records.ts';
import { beforeTransaction } from '../../test/rows.ts';
import { headRef, indexRef, type RefName } from '../refs/ref-name.ts';
import type { Store } from '../store.ts';
import { Draft } from './draft.ts';
import { contentOf, type MergeConflict } from './merge-content.ts';
import { fastForward, type Move, mergeIntoRef, rebaseRef, squashRef } from './move-ref.ts';

const FACTS = {
  author: 'ada',
  authoredMs: 9_000,
  committer: 'grace',
  committedMs: 9_500,
  message: 'merge',
  detailsDatumId: null,
};
const COMMITTER = { committer: 'grace', committedMs: 9_500 };
const MAIN = headRef('main');
const INDEX = indexRef('00000000-0000-4000-8000-000000000001');

type Texts = Readonly<Record<string, string>>;

let store: Store;

beforeEach(async () => {
  store = await openFixture();
});

function put<T>(body: (sink: ObjectSink) => T): T {
  return store.transact('test', (transaction) => body(transaction));
}

function putRequest(nodeId: NodeId, createdMs: number): ExecRequestId {
  const changes = { executionKey: nodeId as unknown as ExecutionKey, createdMs };
  return put((sink) => {
    const call = { nodeId, functionDatumId: putFunction(sink, 'x:f'), inputs: [] };
    return putRequestOf(sink, call, changes);
  });
}

let clock = 0;
function commit(parts: CommitParts & { readonly texts?: Texts }): CommitId {
  clock += 1;
  return put((sink) => {
    const dags = Object.fromEntries(
      Object.entries(parts.texts ?? {}).map(([name, text]) => [name, putTextDag(sink, text)]),
    );
    return putCommit(sink, { timeMs: clock, ...parts, dags: { ...dags, ...parts.dags } });
  });
}

function dagOf(text: string): DagId {
  return put((sink) => putTextDag(sink, text));
}

function move(ref: RefName): Move {
  return { ref, actor: 'ada', reason: 'test' };
}

function tip(ref: RefName): CommitId {
  return store.getRef(ref)!.commitId;
}

function dagsAt(commitId: CommitId): Record<string, string> {
  return Object.fromEntries(contentOf(new Draft(store), commitId).dags as [string, DagId][]);
}

function pinsAt(commitId: CommitId): Record<string, string> {
  return Object.fromEntries(contentOf(new Draft(store), commitId).pins as [NodeId, ExecId][]);
}

function mergeOf(ours: CommitId, theirs: CommitId, facts: Parameters<typeof mergeIntoRef>[3] = FACTS) {
  setRef(store, 'main', ours);
  return mergeIntoRef(store, move(MAIN), theirs, facts);
}

/** Ours and theirs, commits of these dags on one base. */
function fork(base: Texts, ours: Texts, theirs: Texts): [ours: CommitId, theirs: CommitId] {
  const parents = [commit({ texts: base })];
  return [commit({ texts: ours, parents }), commit({ texts: theirs, parents })];
}

describe('fastForward', () => {
  it('moves a ref to a descendant and to nothing else [DML-STO-0611]', () => {
    const root = commit({ texts: { a: '1' } });
    const child = commit({ texts: { a: '2' }, parents: [root] });
    setRef(store, 'main', root);
    expect(fastForward(store, move(MAIN), child)).toEqual({
      state: 'applied',
      commitId: child,
      sequence: 2,
    });
    expect(tip(MAIN)).toBe(child);
    const sibling = commit({ texts: { a: '3' }, parents: [root] });
    for (const other of [root, sibling, commit({ texts: { a: '2' } })]) {
      expect(fastForward(store, move(MAIN), other).state).not.toBe('applied');
      expect(tip(MAIN)).toBe(child);
    }
  });

  it('reports a commit that is no descendant as diverged and changes nothing [DML-STO-0612]', () => {
    const root = commit({});
    const ours = commit({ texts: { a: '1' }, parents: [root] });
    const theirs = commit({ texts: { a: '2' }, parents: [root] });
    setRef(store, 'main', ours);
    expect(fastForward(store, move(MAIN), theirs)).toEqual({
      state: 'diverged',
      mergeBaseIds: [root],
    });
    expect(tip(MAIN)).toBe(ours);
    expect(store.stateVersion()).toBe(1);
  });

  it('reports the same commit or an ancestor as up to date and changes nothing [DML-STO-0613]', () => {
    const root = commit({});
    const child = commit({ parents: [root] });
    setRef(store, 'main', child);
    for (const next of [root, child])
      expect(fastForward(store, move(MAIN), next)).toEqual({
        state: 'up-to-date',
        commitId: child,
      });
    expect(store.stateVersion()).toBe(1);
  });

  it('refuses a ref that is not there and a commit that is not there', () => {
    const root = commit({});
    expect(() => fastForward(store, move(MAIN), root)).toThrow(
      expect.objectContaining({ code: 'ref_missing' }),
    );
    setRef(store, 'main', root);
    expect(() => fastForward(store, move(MAIN), '0'.repeat(64) as CommitId)).toThrow(
      expect.objectContaining({ code: 'object_missing' }),
    );
  });
});

describe('mergeIntoRef', () => {
  it('takes names that only one side changed from that side [DML-STO-0641]', () => {
    const [ours, theirs] = fork(
      { a: '1', b: '1', c: '1', d: '1' },
      { a: '2', b: '1', c: '1', new: 'o' },
      { a: '1', b: '2', d: '1', other: 't' },
    );
    expect(mergeOf(ours, theirs).state).toBe('applied');
    const merged = tip(MAIN);
    expect(dagsAt(merged)).toEqual({ a: dagOf('2'), b: dagOf('2'), new: dagOf('o'), other: dagOf('t') });
    expect(store.getRecord('commit', merged)?.parentCommitIds).toEqual([ours, theirs]);
  });

  it('takes what both sides changed alike without a conflict [DML-STO-0642]', () => {
    const [ours, theirs] = fork({ a: '1', gone: '1' }, { a: '2', both: 'b' }, { a: '2', both: 'b', t: 't' });
    expect(mergeOf(ours, theirs).state).toBe('applied');
    expect(dagsAt(tip(MAIN))).toEqual({ a: dagOf('2'), both: dagOf('b'), t: dagOf('t') });
  });

  it('names each dag that both sides changed differently, with both dags [DML-STO-0643]', () => {
    const [ours, theirs] = fork(
      { a: '1', b: '1', quiet: '1' },
      { a: 'ours', quiet: '1', fresh: 'ours' },
      { a: 'theirs', b: 'theirs', quiet: '1', fresh: 'theirs' },
    );
    expect(mergeOf(ours, theirs)).toEqual({
      state: 'conflicts',
      conflicts: [
        { kind: 'dag', name: 'a', ours: dagOf('ours'), theirs: dagOf('theirs') },
        { kind: 'dag', name: 'b', ours: undefined, theirs: dagOf('theirs') },
        { kind: 'dag', name: 'fresh', ours: dagOf('ours'), theirs: dagOf('theirs') },
      ],
    });
  });

  it('writes nothing while a conflict is open [DML-STO-0649]', () => {
    const [ours, theirs] = fork({ a: '1' }, { a: 'ours', o: 'o' }, { a: 'theirs', t: 't' });
    const before = store.engine.tables.objects.getKeysCount();
    expect(mergeOf(ours, theirs).state).toBe('conflicts');
    expect(store.engine.tables.objects.getKeysCount()).toBe(before);
    expect(tip(MAIN)).toBe(ours);
  });

  it('settles a conflict by the choice for that name and leaves others open [DML-STO-0648]', () => {
    const [ours, theirs] = fork({ a: '1', b: '1' }, { a: 'ours', b: 'ours' }, { a: 'theirs', b: 'theirs' });
    const choose = (others?: 'ours') => (conflict: MergeConflict) =>
      conflict.kind === 'dag' && conflict.name === 'a' ? 'theirs' : others;
    const partly = mergeOf(ours, theirs, { ...FACTS, settle: choose() });
    expect(partly).toMatchObject({ state: 'conflicts', conflicts: [{ name: 'b' }] });
    expect(mergeOf(ours, theirs, { ...FACTS, settle: choose('ours') }).state).toBe('applied');
    expect(dagsAt(tip(MAIN))).toEqual({ a: dagOf('theirs'), b: dagOf('ours') });
  });

  it('merges pins by node as it merges dags by name [DML-STO-0644]', () => {
    const [n1, n2, n3] = ['1', '2', '3'].map((text) =>
      put((sink) => putLiteral(sink, putText(sink, text))),
    ) as [NodeId, NodeId, NodeId];
    const exec = (nodeId: NodeId, startedMs: number) =>
      put((sink) => putExec(sink, nodeId, putTextDag(sink, 'r'), startedMs));
    const base = commit({ pins: { [n1]: exec(n1, 0), [n2]: exec(n2, 0) } });
    const ours = commit({ pins: { [n1]: exec(n1, 1), [n2]: exec(n2, 0) }, parents: [base] });
    const theirs = commit({ pins: { [n1]: exec(n1, 0), [n3]: exec(n3, 0) }, parents: [base] });
    expect(mergeOf(ours, theirs).state).toBe('applied');
    expect(pinsAt(tip(MAIN))).toEqual({ [n1]: exec(n1, 1), [n3]: exec(n3, 0) });
  });

  it('names node, execs and the dags that reach the node of a pin conflict [DML-STO-0645]', () => {
    const inner = put((sink) => putLiteral(sink, putText(sink, 'in')));
    const call = put((sink) => putCall(sink, 'https://example.org/f', [inner]));
    const outer = put((sink) => putCall(sink, 'https://example.org/g', [call]));
    const dags = {
      direct: put((sink) => putDag(sink, call)),
      named: put((sink) => putDag(sink, inner, { step: call })),
      through: put((sink) => putDag(sink, outer)),
      apart: dagOf('apart'),
    };
    const record = { type: 'node', kind: 'import', dagId: dags.direct, name: 'root' } as const;
    const imported = put((sink) => putDag(sink, putRecord<NodeId>(sink, record)));
    const exec = (startedMs: number) => put((sink) => putExec(sink, call, putTextDag(sink, 'r'), startedMs));
    const [first, second] = [exec(1), exec(2)];
    const base = commit({ dags: { ...dags, imported } });
    const ours = commit({ dags: { ...dags, imported }, pins: { [call]: first }, parents: [base] });
    const theirs = commit({ dags: { ...dags, imported }, pins: { [call]: second }, parents: [base] });
    const dagNames = ['direct', 'imported', 'named', 'through'];
    expect(mergeOf(ours, theirs)).toEqual({
      state: 'conflicts',
      conflicts: [{ kind: 'pin', nodeId: call, ours: first, theirs: second, dagNames }],
    });
  });

  it('makes a name that two merge bases merge differently a conflict [DML-STO-0646]', () => {
    const root = commit({ texts: { a: '0' } });
    const left = commit({ texts: { a: '1' }, parents: [root] });
    const right = commit({ texts: { a: '2' }, parents: [root] });
    const ours = commit({ texts: { a: '1' }, parents: [left, right] });
    const theirs = commit({ texts: { a: '2' }, parents: [right, left] });
    expect(mergeOf(ours, theirs)).toEqual({
      state: 'conflicts',
      conflicts: [{ kind: 'dag', name: 'a', ours: dagOf('1'), theirs: dagOf('2') }],
    });
  });

  it('takes the later of two requests for a node [DML-STO-0647]', () => {
    const node = put((sink) => putCall(sink, 'https://example.org/f', []));
    const [early, late] = [putRequest(node, 1), putRequest(node, 2)];
    const base = commit({});
    for (const [first, second] of [
      [early, late],
      [late, early],
    ] as const) {
      const ours = commit({ requests: { [node]: first }, texts: { o: 'o' }, parents: [base] });
      const theirs = commit({ requests: { [node]: second }, parents: [base] });
      expect(mergeOf(ours, theirs).state).toBe('applied');
      expect(contentOf(new Draft(store), tip(MAIN)).requests).toEqual([[node, late]]);
    }
  });

  it('merges unrelated histories against an empty base', () => {
    const ours = commit({ texts: { a: '1', same: 's' } });
    const theirs = commit({ texts: { b: '1', same: 's' } });
    expect(mergeOf(ours, theirs).state).toBe('applied');
    expect(Object.keys(dagsAt(tip(MAIN)))).toEqual(['a', 'b', 'same']);
  });

  it('fast-forwards where it can and knows when there is nothing to take', () => {
    const base = commit({});
    const next = commit({ texts: { a: '1' }, parents: [base] });
    expect(mergeOf(base, next)).toMatchObject({ state: 'applied', commitId: next });
    expect(mergeOf(next, base)).toEqual({ state: 'up-to-date', commitId: next });
  });
});

describe('squashRef', () => {
  function indexOfThree(): { base: CommitId; last: CommitId } {
    const base = commit({ texts: { a: '1' } });
    const first = commit({ texts: { a: '2' }, parents: [base] });
    const call = put((sink) => putCall(sink, 'x:f', []));
    const pins = { [call]: put((sink) => putExec(sink, call, putTextDag(sink, 'r'))) };
    const requests = { [call]: putRequest(call, 1) };
    const last = commit({ texts: { a: '2', b: '1' }, parents: [first], pins, requests });
    setRef(store, INDEX, last);
    return { base, last };
  }

  it('makes one commit of tree and pins of the tip on the base, without requests [DML-STO-0621]', () => {
    const { base, last } = indexOfThree();
    expect(squashRef(store, move(INDEX), base, FACTS).state).toBe('applied');
    const squashed = store.getRecord('commit', tip(INDEX))!;
    expect(squashed).toMatchObject({ parentCommitIds: [base], ...FACTS });
    const { treeId, pins, requests } = store.getRecord('commit', last)!;
    expect(requests).toHaveLength(1);
    expect(pins).toHaveLength(1);
    expect(squashed).toMatchObject({ treeId, pins, requests: [] });
  });

  it('makes a first commit when there is no base', () => {
    indexOfThree();
    expect(squashRef(store, move(INDEX), null, FACTS).state).toBe('applied');
    expect(store.getRecord('commit', tip(INDEX))?.parentCommitIds).toEqual([]);
  });

  it('refuses a base outside the history [DML-STO-0622]', () => {
    const { last } = indexOfThree();
    const stranger = commit({ texts: { z: 'z' } });
    expect(() => squashRef(store, move(INDEX), stranger, FACTS)).toThrow(
      expect.objectContaining({ code: 'history_invalid', detail: 'base_not_ancestor' }),
    );
    expect(tip(INDEX)).toBe(last);
  });

  it('changes nothing when the ref has moved since [DML-STO-0623]', () => {
    const { base, last } = indexOfThree();
    const other = commit({ texts: { a: '3' }, parents: [last] });
    const racing = beforeTransaction(store, 'history/move', () => setRef(store, INDEX, other));
    const before = store.engine.tables.objects.getKeysCount();
    expect(squashRef(racing, move(INDEX), base, FACTS)).toEqual({ state: 'lost', actual: other });
    expect(tip(INDEX)).toBe(other);
    expect(store.engine.tables.objects.getKeysCount()).toBe(before);
  });
});

describe('rebaseRef', () => {
  it('replays the changes since the merge base, oldest first [DML-STO-0631]', () => {
    const base = commit({ texts: { a: '1', b: '1' } });
    const first = commit({ texts: { a: '2', b: '1' }, parents: [base], message: 'first' });
    const second = commit({ texts: { a: '2' }, parents: [first], message: 'second' });
    const onto = commit({ texts: { a: '1', b: '1', c: 'c' }, parents: [base] });
    setRef(store, INDEX, second);
    expect(rebaseRef(store, move(INDEX), onto, COMMITTER).state).toBe('applied');
    const top = store.getRecord('commit', tip(INDEX))!;
    const below = top.parentCommitIds[0]!;
    expect(dagsAt(tip(INDEX))).toEqual({ a: dagOf('2'), c: dagOf('c') });
    expect(dagsAt(below)).toEqual({ a: dagOf('2'), b: dagOf('1'), c: dagOf('c') });
    expect(store.getRecord('commit', below)?.parentCommitIds).toEqual([onto]);
  });

  it('replays a merge as what it brought to its first parent, and nothing of what it merged [DML-STO-0631]', () => {
    const base = commit({ texts: { a: '1' } });
    const first = commit({ texts: { a: '2' }, parents: [base], message: 'first' });
    const side = commit({ texts: { a: '1', s: 'half' }, parents: [base], message: 'side' });
    const sideEnd = commit({ texts: { a: '1', s: 'side' }, parents: [side], message: 'side end' });
    const merge = commit({ texts: { a: '2', s: 'side' }, parents: [first, sideEnd], message: 'merge' });
    const last = commit({ texts: { a: '3', s: 'side' }, parents: [merge], message: 'last' });
    const onto = commit({ texts: { a: '1', c: 'c' }, parents: [base], message: 'onto' });
    setRef(store, INDEX, last);
    expect(rebaseRef(store, move(INDEX), onto, COMMITTER).state).toBe('applied');
    const replayed: unknown[] = [];
    for (let commitId = tip(INDEX); commitId !== onto; ) {
      const { message, parentCommitIds } = store.getRecord('commit', commitId)!;
      expect(parentCommitIds, message).toHaveLength(1);
      replayed.push([message, dagsAt(commitId)]);
      commitId = parentCommitIds[0]!;
    }
    const c = dagOf('c');
    expect(replayed).toEqual([
      ['last', { a: dagOf('3'), s: dagOf('side'), c }],
      ['merge', { a: dagOf('2'), s: dagOf('side'), c }],
      ['first', { a: dagOf('2'), c }],
    ]);
  });

  it('keeps author, message and details of what it replays, and names the committer [DML-STO-0632]', () => {
    const base = commit({});
    const schema = { type: 'datum', kind: 'i64', value: 1n } as const;
    const details = { type: 'datum', kind: 'map', root: [['schema', schema]] } as const;
    const detailsDatumId = put((sink) => putRecord<DatumId>(sink, details));
    const facts = { author: 'eve', authoredMs: 77, message: 'mine', detailsDatumId };
    const work = commit({ texts: { a: '1' }, parents: [base], ...facts, committer: 'eve', timeMs: 80 });
    const onto = commit({ texts: { b: '1' }, parents: [base] });
    setRef(store, INDEX, work);
    rebaseRef(store, move(INDEX), onto, COMMITTER);
    expect(store.getRecord('commit', tip(INDEX))).toMatchObject({ ...facts, ...COMMITTER });
  });

  it('reports the conflicts and their commit, and changes nothing [DML-STO-0633]', () => {
    const base = commit({ texts: { a: '1' } });
    const fine = commit({ texts: { a: '1', b: '1' }, parents: [base] });
    const clash = commit({ texts: { a: 'mine', b: '1' }, parents: [fine] });
    const onto = commit({ texts: { a: 'theirs' }, parents: [base] });
    setRef(store, INDEX, clash);
    const before = store.engine.tables.objects.getKeysCount();
    expect(rebaseRef(store, move(INDEX), onto, COMMITTER)).toEqual({
      state: 'conflicts',
      commitId: clash,
      conflicts: [{ kind: 'dag', name: 'a', ours: dagOf('theirs'), theirs: dagOf('mine') }],
    });
    expect(tip(INDEX)).toBe(clash);
    expect(store.engine.tables.objects.getKeysCount()).toBe(before);
  });

  it('changes nothing when the ref already descends from the head [DML-STO-0634]', () => {
    const base = commit({});
    const work = commit({ texts: { a: '1' }, parents: [base] });
    setRef(store, INDEX, work);
    expect(rebaseRef(store, move(INDEX), base, COMMITTER)).toEqual({ state: 'up-to-date', commitId: work });
    expect(store.stateVersion()).toBe(1);
    // Replaying would not yield this one again: the head is its second parent.
    const merged = commit({ texts: { a: '1', b: '1' }, parents: [commit({ texts: { b: '1' } }), base] });
    setRef(store, INDEX, merged);
    expect(rebaseRef(store, move(INDEX), base, COMMITTER)).toEqual({ state: 'up-to-date', commitId: merged });
    expect(store.stateVersion()).toBe(2);
  });

  it('moves a ref without commits of its own onto the head', () => {
    const base = commit({});
    const onto = commit({ texts: { a: '1' }, parents: [base] });
    setRef(store, INDEX, base);
    expect(rebaseRef(store, move(INDEX), onto, COMMITTER)).toMatchObject({
      state: 'applied',
      commitId: onto,
    });
  });
});
