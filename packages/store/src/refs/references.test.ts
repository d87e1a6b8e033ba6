import { existsSync } from 'node:fs';
import type { CommitId, ReferenceId, ReferenceRecord } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture, setRef, temporaryFolder } from '../../test/fixture-store.ts';
import { putCommit } from '../../test/records.ts';
import { backupStore } from '../backup/backup.ts';
import { compactStore } from '../compact/compact.ts';
import { explainKept, runGc } from '../gc/run.ts';
import { openStore } from '../open-store.ts';
import type { Store } from '../store.ts';
import { verifyStore } from '../verify/verify-store.ts';
import { referenceRef } from './ref-name.ts';

const DOMAIN = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';

function referenceTo(commitId: CommitId | null, previous: ReferenceId | null = null): ReferenceRecord {
  return {
    type: 'reference',
    domain: DOMAIN,
    name: 'model',
    commitId,
    references: [],
    takenMs: 1,
    previousReferenceId: previous,
    detailsDatumId: null,
  };
}

function commitIn(store: Store, message: string): CommitId {
  return store.transact('commit', (transaction) => putCommit(transaction, { message }));
}

function take(store: Store, reference: ReferenceRecord, name = 'them'): ReferenceId {
  const taken = store.transact('take', (transaction) =>
    transaction.updateReference({ name, reference, actor: 'ada', reason: 'test' }),
  );
  if (!taken.applied) throw new Error('not applied');
  return taken.referenceId;
}

async function findings(store: Store): Promise<string[]> {
  const codes: string[] = [];
  await verifyStore(store, { onFinding: ({ code }) => void codes.push(code) });
  return codes;
}

describe('references of a store', () => {
  it('follow the one that is in effect, or nothing happens [DML-REM-1308]', async () => {
    const store = await openFixture();
    const [one, two] = [commitIn(store, 'one'), commitIn(store, 'two')];
    const first = take(store, referenceTo(one));
    const second = take(store, referenceTo(two, first));
    for (const previous of [null, first]) {
      const version = store.stateVersion();
      const lost = store.transact('take', (transaction) =>
        transaction.updateReference({
          name: 'them',
          reference: referenceTo(one, previous),
          actor: 'ada',
          reason: 'late',
        }),
      );
      expect(lost).toEqual({ applied: false, actual: second });
      expect(store.stateVersion()).toBe(version);
    }
    expect(store.readReferences()).toEqual([
      { name: 'them', referenceId: second, reference: referenceTo(two, first) },
    ]);
    expect(store.getRef(referenceRef('them'))).toMatchObject({ commitId: two, sequence: 2 });
  });

  it('lead to a commit that is here, and have names that refs may have', async () => {
    const store = await openFixture();
    const absent = 'f'.repeat(64) as CommitId;
    expect(() => take(store, referenceTo(absent))).toThrow(
      expect.objectContaining({ code: 'ref_target_missing' }),
    );
    const commitId = commitIn(store, 'one');
    for (const name of ['a b', '..', '-x', 'heads/x', ''])
      expect(() => take(store, referenceTo(commitId), name), name).toThrow(
        expect.objectContaining({ code: 'ref_name_invalid' }),
      );
    take(store, referenceTo(commitId), 'a/ä');
    expect(store.readReferences().map(({ name }) => name)).toEqual(['a/ä']);
  });

  it('are roots, with all that they shadow [DML-REM-1321]', async () => {
    const store = await openFixture(fakeEnvironment(1));
    const [one, two] = [commitIn(store, 'one'), commitIn(store, 'two')];
    const first = take(store, referenceTo(one));
    take(store, referenceTo(two, first));
    take(store, referenceTo(null, store.readReferences()[0]?.referenceId));
    setRef(store, 'main', commitIn(store, 'own'));
    await store.close();
    const again = await openStore(store.path, {
      mode: 'write',
      program: 'test',
      environment: fakeEnvironment(2),
    });
    await runGc(again);
    for (const commitId of [one, two]) expect(again.has('commit', commitId)).toBe(true);
    expect(again.has('reference', first)).toBe(true);
    const reasons = await explainKept(again, { class: 'commit', objectId: one });
    expect(JSON.stringify(reasons)).toContain('refs/references/them');
    expect(await findings(again)).toEqual([]);
    await again.close();
  });

  it('are in backups, and survive a compaction', async () => {
    const store = await openFixture();
    const commitId = commitIn(store, 'one');
    const referenceId = take(store, referenceTo(commitId));
    const at = `${temporaryFolder()}/copy`;
    await backupStore(store, at, { program: 'test' });
    const copy = await openStore(at, { mode: 'read', program: 'test' });
    expect(copy.readReferences()).toMatchObject([{ name: 'them', referenceId }]);
    expect(copy.getRef(referenceRef('them'))?.commitId).toBe(commitId);
    expect(await findings(copy)).toEqual([]);
    await copy.close();
    await store.close();
    await compactStore(store.path);
    const compacted = await openStore(store.path, { mode: 'write', program: 'test' });
    expect(compacted.readReferences()).toMatchObject([{ name: 'them', referenceId }]);
    await compacted.close();
    expect(existsSync(at)).toBe(true);
  });

  it('that are damaged are found, and hide no other ref [DML-REM-1320]', async () => {
    const store = await openFixture();
    const commitId = commitIn(store, 'one');
    const referenceId = take(store, referenceTo(commitId));
    setRef(store, 'main', commitId);
    const key = Buffer.from([14, ...Buffer.from(referenceId, 'hex')]);
    store.transact('fault', (transaction) => transaction.putRow('objects', key, Buffer.from('rot')));
    expect(store.readRefs().map(({ name }) => name)).toEqual(['refs/heads/main']);
    expect(store.getRef(referenceRef('them'))).toBeUndefined();
    expect(await findings(store)).toEqual(expect.arrayContaining(['ref_broken']));
    await store.close();
    const again = await openStore(store.path, { mode: 'write', program: 'test' });
    expect(again.readRefs()).toHaveLength(1);
    await again.close();
  });
});
