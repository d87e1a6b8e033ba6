import { type CommitId, hashBytes } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture, setRef, temporaryFolder } from '../../../test/fixture-store.ts';
import { Opener } from '../../../test/opener.ts';
import { putCommit, putText, textBytes } from '../../../test/records.ts';
import { headRef } from '../../refs/ref-name.ts';
import type { Store } from '../../store.ts';
import type { WriteTransaction } from '../../write-transaction.ts';
import { readNewestMeta } from '../meta-page.ts';
import { checkPages } from '../page-check.ts';

const MAIN = headRef('main');

/** Puts a commit on the head, with more where it is asked to, in one transaction. */
function commit(
  store: Store,
  message: string,
  more: (transaction: WriteTransaction) => void = () => {},
): CommitId {
  return store.transact('commit', (transaction) => {
    const parent = transaction.getRef(MAIN)?.commitId;
    const commitId = putCommit(transaction, { message, parents: parent === undefined ? [] : [parent] });
    setRef(transaction, MAIN, commitId);
    more(transaction);
    return commitId;
  });
}

/** Does what an opening of another process does that was slower than `transactions` commits of others. */
function setBack(store: Store, transactions: number): void {
  const { txnId } = store.engine;
  txnId.note(txnId.written() - transactions);
}

describe('the newest transaction', () => {
  it('is where a write begins though an opening has set the engine back [DML-STO-0135]', async () => {
    const store = await openFixture();
    const commitIds: CommitId[] = [];
    for (let round = 0; round < 12; round += 1) {
      commitIds.push(commit(store, `a ${round}`), commit(store, `b ${round}`));
      const before = store.engine.txnId.written();
      setBack(store, 1 + (round % 3));
      commitIds.push(commit(store, `c ${round}`));
      expect(store.engine.txnId.written()).toBe(before + 1);
      expect(store.engine.txnId.noted()).toBe(before + 1);
    }
    for (const commitId of commitIds) expect(store.has('commit', commitId)).toBe(true);
    const journal: (string | null)[] = [];
    for await (const entry of store.listJournal()) journal.push(entry.new);
    expect(journal).toEqual(commitIds);
    const { file } = store.engine;
    const meta = readNewestMeta(file.readAt, file.sizeBytes());
    expect(() => checkPages(file.readAt, meta)).not.toThrow();
  });

  it('is what reads see though an opening has set the engine back [DML-STO-0141]', async () => {
    const store = await openFixture();
    const first = commit(store, 'first');
    const key = 'ab'.repeat(32);
    const datumId = hashBytes<'datum'>(textBytes('late'));
    commit(store, 'second', (transaction) => {
      putText(transaction, 'late');
      transaction.putCacheEntry(key, key);
    });
    const reads: readonly (() => unknown)[] = [
      () => store.get('datum', datumId),
      () => store.has('datum', datumId) || undefined,
      () => store.cacheEntries(key)[0],
      () => (store.getRef(MAIN)?.commitId === first ? undefined : true),
    ];
    for (const read of reads) {
      store.engine.root.resetReadTxn();
      setBack(store, 1);
      expect(read()).toBeDefined();
      expect(store.engine.txnId.noted()).toBe(store.engine.txnId.written());
    }
  });

  it('is noted again by every opening, for which nobody waits', async () => {
    const store = await openFixture(fakeEnvironment(), `${temporaryFolder()}/store`);
    commit(store, 'first');
    setBack(store, 1);
    expect(new Opener(store.path).tell({ kind: 'open', mode: 'read' }).at).toBe('opened');
    expect(store.engine.txnId.noted()).toBe(store.engine.txnId.written());
  });
});
