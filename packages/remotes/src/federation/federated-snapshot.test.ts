import {
  type CommitId,
  decodeRecord,
  type FederatedSnapshotRecord,
  treeEntries,
} from '@daggerml/object-model';
import { headRef } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { Domain, long } from '../../test/domain.ts';
import { commitTo } from '../../test/fixtures.ts';
import { partsOf, putSnapshot, takeSnapshot } from './federated-snapshot.ts';

describe('a federated snapshot', () => {
  it('is the same from the same parts, in any order and store [DML-REM-1307]', async () => {
    const [ours, theirs, others] = [await Domain.create(), await Domain.create(), await Domain.create()];
    const commitId = commitTo(ours.store, { a: long('one') });
    for (let at = 0; at < 30; at += 1) await ours.publish(commitId, { name: `model-${at}` });
    const heads: [string, CommitId][] = [];
    for (let at = 0; at < 30; at += 1)
      heads.push([`head-${at}`, commitTo(theirs.store, { a: `own ${at}` }, { ref: headRef(`head-${at}`) })]);
    for (let at = 0; at < 5; at += 1)
      await theirs.take(ours, { name: `them-${at}`, published: `model-${at}` });
    const parts = partsOf(theirs.store);
    const first = takeSnapshot(theirs.store);
    const reversed = { heads: [...parts.heads].reverse(), references: [...parts.references].reverse() };
    const elsewhere = others.store.transact('snapshot', (transaction) => putSnapshot(transaction, reversed));
    expect(elsewhere.snapshotId).toBe(first.snapshotId);
    expect(takeSnapshot(theirs.store).snapshotId).toBe(first.snapshotId);
    const read = decodeRecord(
      theirs.store.read('federated-snapshot', first.snapshotId),
      'federated-snapshot',
    ) as FederatedSnapshotRecord;
    const source = { getPage: (id: never) => theirs.store.get('page', id) };
    expect([...treeEntries('heads', read.heads, source)]).toHaveLength(30);
    expect([...treeEntries('references', read.references, source)].map(([name]) => name)).toEqual(
      [0, 1, 2, 3, 4].map((at) => `them-${at}`),
    );
    // Another part makes another one.
    commitTo(theirs.store, { a: 'more' });
    expect(takeSnapshot(theirs.store).snapshotId).not.toBe(first.snapshotId);
  });
});
