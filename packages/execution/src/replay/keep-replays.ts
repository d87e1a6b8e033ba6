import { buildTree, type CommitId, type ExecId, type TreeChange, treeEdit } from '@daggerml/object-model';
import { REPLAYS_REF, REPLAYS_SCHEMA, RecordReader, recordedReplays } from '@daggerml/repository';
import { wholeMs } from '@daggerml/store';
import { lowerValue } from '@daggerml/values';
import type { OpenRun } from '../executor.ts';
import type { ReplayedCall, ReplayOptions } from './replay-calls.ts';

/**
 * Records replays: a commit of its own ref pins their execs and says which agree. A replay that differed stays,
 * whatever later ones of the call come to.
 *
 * @spec DML-EXE-3630
 */
export function keepReplays(
  { objects, index }: Pick<OpenRun, 'objects' | 'index'>,
  replayed: readonly ReplayedCall[],
  { actor, nowMs }: Pick<ReplayOptions, 'actor' | 'nowMs'>,
): void {
  const { store } = objects;
  store.transact('replay', (transaction) => {
    const expected = transaction.getRef(REPLAYS_REF)?.commitId ?? null;
    const calls = new Map<ExecId, object>();
    for (const [execId, { agrees, replayExecId, path }] of recordedReplays(new RecordReader(store)))
      calls.set(execId, { agrees, replay: replayExecId, ...(path !== undefined && { path }) });
    const changes: TreeChange<'pins'>[] = [];
    for (const { execId, replayExecId, outcome, difference } of replayed) {
      // @spec DML-EXE-3631
      if (replayExecId === undefined || (outcome === 'agrees' && isDifferent(calls.get(execId)))) continue;
      const entry = { agrees: outcome === 'agrees', replay: replayExecId };
      calls.set(execId, { ...entry, ...(difference && { path: difference.path }) });
      changes.push({ set: [objects.read('exec', replayExecId).nodeId, replayExecId] });
    }
    const before = expected === null ? [] : objects.read('commit', expected).pins;
    const timeMs = wholeMs(nowMs());
    const next = objects.put({
      type: 'commit',
      treeId: objects.put({ type: 'tree', dags: buildTree('dags', [], objects) }),
      parentCommitIds: [],
      pins: treeEdit('pins', before, changes, objects),
      requests: [],
      author: actor,
      authoredMs: timeMs,
      committer: actor,
      committedMs: timeMs,
      message: 'replays',
      detailsDatumId: lowerValue({ schema: REPLAYS_SCHEMA, calls }, objects, 'replays'),
    }) as CommitId;
    objects.writeTo(transaction);
    transaction.updateRef({ ref: REPLAYS_REF, expected, next, actor, reason: 'replay' });
    index.release(transaction);
  });
  objects.clear();
}

function isDifferent(entry: object | undefined): boolean {
  return entry !== undefined && 'agrees' in entry && entry.agrees === false;
}
