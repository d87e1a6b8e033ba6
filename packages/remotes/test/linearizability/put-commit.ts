import type { CommitId } from '@daggerml/object-model';
import type { RefName, Store } from '@daggerml/store';

/** Puts a commit of one text and moves a ref there. */
export function putCommit(
  store: Store,
  ref: RefName,
  { text, parents }: { readonly text: string; readonly parents: readonly CommitId[] },
): CommitId {
  return store.transact('commit', (transaction) => {
    const datumId = transaction.putRecord({ type: 'datum', kind: 'string', value: text });
    const rootNodeId = transaction.putRecord({ type: 'node', kind: 'literal', datumId });
    const dagId = transaction.putRecord({ type: 'dag', rootNodeId, names: [] });
    const treeId = transaction.putRecord({ type: 'tree', dags: [['text', dagId]] });
    const timeMs = Date.now();
    const commitId = transaction.putRecord({
      type: 'commit',
      treeId,
      parentCommitIds: parents,
      pins: [],
      requests: [],
      author: 'ada',
      message: text,
      authoredMs: timeMs,
      committer: 'ada',
      committedMs: timeMs,
      detailsDatumId: null,
    });
    const expected = transaction.getRef(ref)?.commitId ?? null;
    transaction.updateRef({ ref, expected, next: commitId, actor: 'ada', reason: 'test' });
    return commitId;
  });
}
