import type { CommitId } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture, temporaryFolder } from '../../test/fixture-store.ts';
import { putCommit } from '../../test/records.ts';
import type { Store } from '../store.ts';
import { indexRef } from './ref-name.ts';

const uuid = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

/** Commits to an IndexRef and returns the commit. */
function stage(store: Store, index: number, message: string): CommitId {
  const ref = indexRef(uuid(index));
  let commitId: CommitId | undefined;
  store.transact('stage', (transaction) => {
    const expected = transaction.getRef(ref)?.commitId ?? null;
    commitId = putCommit(transaction, { parents: expected === null ? [] : [expected], message });
    transaction.updateRef({ ref, expected, next: commitId, actor: `worker ${index}`, reason: message });
  });
  return commitId as CommitId;
}

describe('index refs', () => {
  it('stand and move side by side in any order [DML-STO-1202]', async () => {
    const at = `${temporaryFolder()}/store`;
    const [first, second] = [
      await openFixture(fakeEnvironment(1), at),
      await openFixture(fakeEnvironment(2), at),
    ];
    const newest = new Map<number, CommitId>();
    for (let round = 0; round < 4; round += 1) {
      for (let index = 0; index < 25; index += 1) {
        const store = (index + round) % 2 === 0 ? first : second;
        newest.set(index, stage(store, (index * 7) % 25, `${round}/${index}`));
      }
    }
    const listed = first.readRefs('index');
    expect(listed).toHaveLength(25);
    for (const [index, commitId] of newest) {
      expect(second.getRef(indexRef(uuid((index * 7) % 25)))?.commitId).toBe(commitId);
    }
  });
});
