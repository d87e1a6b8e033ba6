import {
  type DagId,
  type ExecId,
  hashBytes,
  type NodeId,
  treeEdit,
  treeEntries,
} from '@daggerml/object-model';
import { Draft } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { type DagToCommit, planCommit, planDag, type Standing, standingOf } from './plan-commit.ts';

const words = { actor: 'ada', nowMs: () => 1_700_000_000_000, message: 'a commit' };
const execOf = (text: string): ExecId => hashBytes<'exec'>(new TextEncoder().encode(text));

function emptyDraft(): Draft {
  return new Draft({ getRecord: () => undefined, get: () => undefined });
}

/** A dag of one call on a literal, with an outcome of the call. */
function dagOf(objects: Draft, name: string, { text = name, run = 1 } = {}): DagToCommit & { call: NodeId } {
  const datumId = objects.put({ type: 'datum', kind: 'string', value: text });
  const functionDatumId = objects.put({ type: 'datum', kind: 'uri', value: `dml+exec://test/${text}` });
  const literal = objects.put({ type: 'node', kind: 'literal', datumId });
  const call = objects.put({ type: 'node', kind: 'call', functionDatumId, inputs: [literal] });
  const dagId = objects.put({ type: 'dag', rootNodeId: call, names: [] });
  return { dagId, name, call, pins: [[call, execOf(`${text} ${run}`)]], nodeIds: () => [call, literal] };
}

/** Puts a dag on top of a branch and returns how the branch stands then; undefined where nothing changes. */
function put(objects: Draft, standing: Standing, dag: DagToCommit): Standing | undefined {
  const commit = planCommit(standing, planDag(standing, dag, objects), words, objects);
  return commit && standingOf(objects, objects.put(commit));
}

const dagsOf = ({ dags }: Standing, objects: Draft): unknown =>
  Object.fromEntries(treeEntries('dags', dags, objects));
const pinsOf = ({ pins }: Standing, objects: Draft): unknown =>
  Object.fromEntries(treeEntries('pins', pins, objects));

describe('the commit of a dag', () => {
  it('has the dag under its name, the other dags, the pins of all and its parent [DML-BND-0603]', () => {
    const objects = emptyDraft();
    const [one, two] = [dagOf(objects, 'one'), dagOf(objects, 'two')];
    const first = put(objects, standingOf(objects, undefined), one) as Standing;
    const second = put(objects, first, two) as Standing;
    expect(dagsOf(second, objects)).toEqual({ one: one.dagId, two: two.dagId });
    expect(pinsOf(second, objects)).toEqual(Object.fromEntries([...one.pins, ...two.pins]));
    expect(objects.read('commit', second.commitId as never)).toMatchObject({
      parentCommitIds: [first.commitId],
      author: 'ada',
      committedMs: 1_700_000_000_000,
      message: 'a commit',
    });
    expect(objects.read('commit', first.commitId as never).parentCommitIds).toEqual([]);
  });

  it('takes the place of a dag of its name, whose own pins go [DML-BND-0603]', () => {
    const objects = emptyDraft();
    const [old, other] = [dagOf(objects, 'one'), dagOf(objects, 'two', { text: 'one' })];
    const next = dagOf(objects, 'one', { text: 'new' });
    const alone = put(objects, standingOf(objects, undefined), old) as Standing;
    expect(pinsOf(put(objects, alone, next) as Standing, objects)).toEqual(Object.fromEntries(next.pins));
    // What another dag needs stays.
    const shared = put(objects, alone, other) as Standing;
    const replaced = put(objects, shared, next) as Standing;
    expect(dagsOf(replaced, objects)).toEqual({ one: next.dagId, two: other.dagId });
    expect(pinsOf(replaced, objects)).toEqual(Object.fromEntries([...old.pins, ...next.pins]));
  });

  it('is none where the branch has the dag with these pins [DML-BND-0605]', () => {
    const objects = emptyDraft();
    const dag = dagOf(objects, 'one');
    const first = put(objects, standingOf(objects, undefined), dag) as Standing;
    expect(put(objects, first, dag)).toBeUndefined();
    const rerun = dagOf(objects, 'one', { run: 2 });
    expect(rerun.dagId).toBe(dag.dagId);
    const second = put(objects, first, rerun) as Standing;
    expect(pinsOf(second, objects)).toEqual(Object.fromEntries(rerun.pins));
    expect(put(objects, second, dag)).toBeDefined();
  });

  it('keeps all pins where the replaced dag is not there any more', () => {
    const objects = emptyDraft();
    const lost = hashBytes<'dag'>(new TextEncoder().encode('lost')) as DagId;
    const pin = [dagOf(objects, 'x').call, execOf('x')] as const;
    const standing: Standing = {
      commitId: undefined,
      dags: treeEdit('dags', [], [{ set: ['one', lost] }], objects),
      pins: treeEdit('pins', [], [{ set: pin }], objects),
      requests: [],
    };
    const dag = dagOf(objects, 'one');
    const next = put(objects, standing, dag) as Standing;
    expect(dagsOf(next, objects)).toEqual({ one: dag.dagId });
    expect(pinsOf(next, objects)).toEqual(Object.fromEntries([...dag.pins, pin]));
  });
});
