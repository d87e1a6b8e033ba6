import { type CommitId, hashBytes, type ObjectId } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { EXCISION_FACTS } from '../../test/excise.ts';
import { fakeEnvironment, openFixture, setRef, temporaryFolder } from '../../test/fixture-store.ts';
import { putCommit } from '../../test/records.ts';
import { refreshSnapshot } from '../engine/reading.ts';
import { collectSteps } from '../gc/collect.ts';
import { runGc } from '../gc/run.ts';
import { encodeTombstone } from '../objects/tombstone.ts';
import { headRef } from '../refs/ref-name.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';
import { listWritesRows, readWritesRow } from './session-writes.ts';
import { readSessions, type SessionRow } from './sessions.ts';

function putText(store: Store, text: string): ObjectId<'chunk'> {
  const id = store.transact('put', (transaction) => transaction.put('chunk', Buffer.from(text)));
  return id as ObjectId<'chunk'>;
}

function writtenIds(store: Store): { session: string; ids: string[] }[] {
  return listWritesRows(store.engine, 0).map((row) => {
    const packed = readWritesRow(store.engine, row) as Buffer;
    const ids: string[] = [];
    for (let at = 0; at < packed.length; at += 33) ids.push(packed.toString('hex', at + 1, at + 33));
    return { session: row.sessionId, ids };
  });
}

/** The sessions at the newest commit. */
function sessionsOf(store: Store): SessionRow[] {
  refreshSnapshot(store.engine);
  return readSessions(store.engine);
}

const path = (): string => `${temporaryFolder()}/store`;

describe('sessions', () => {
  it('registers the session with its first write, not before [DML-STO-0501]', async () => {
    const environment = fakeEnvironment(7);
    const store = await openFixture(environment);
    expect(sessionsOf(store)).toEqual([]);
    putText(store, 'x');
    expect(sessionsOf(store)).toEqual([
      {
        sessionId: store.sessionId,
        process: environment.process,
        startGeneration: -1,
      },
    ]);
    expect(store.liveSessions()).toHaveLength(1);
  });

  it('lists what a transaction put or retained, present or not [DML-STO-0502]', async () => {
    const store = await openFixture();
    const first = putText(store, 'one');
    const second = putText(store, 'two');
    putText(store, 'one');
    expect(store.transact('retain', (transaction) => transaction.retain('chunk', second))).toBe(true);
    store.transact('read', (transaction) => transaction.get('chunk', first));
    expect(writtenIds(store)).toEqual(
      [[first], [second], [first], [second]].map((ids) => ({ session: store.sessionId, ids })),
    );
  });

  it('splits many recent objects into rows of bounded size', async () => {
    const store = await openFixture();
    store.transact('many', (transaction) => {
      for (let index = 0; index < 61_000; index += 1) transaction.put('chunk', Buffer.from(`${index}`));
    });
    expect(writtenIds(store).map((row) => row.ids.length)).toEqual([30_000, 30_000, 1_000]);
  });

  it('removes dead sessions and their recent objects with the first write of another [DML-STO-0503]', async () => {
    const at = path();
    const [dying, living, next] = [fakeEnvironment(1), fakeEnvironment(2), fakeEnvironment(3)];
    const first = await openFixture(dying, at);
    const second = await openFixture(living, at);
    putText(first, 'dead');
    const kept = putText(second, 'alive');
    next.deadPids.add(1);
    const third = await openFixture(next, at);
    const mine = putText(third, 'mine');
    const pids = sessionsOf(third).map((session) => session.process.pid);
    expect(pids.sort()).toEqual([2, 3]);
    expect(writtenIds(third).map((row) => row.ids)).toEqual([[kept], [mine]]);
  });

  it('neither waits for a killed process nor for the collection it left [DML-STO-0134]', async () => {
    const at = path();
    const [dying, next] = [fakeEnvironment(1), fakeEnvironment(2)];
    const first = await openFixture(dying, at);
    putText(first, 'left behind');
    const kept = first.transact('commit', (transaction) => putCommit(transaction, { message: 'kept' }));
    setRef(first, 'main', kept as CommitId);
    const collection = collectSteps(first);
    collection.next();
    const second = await openFixture(next, at);
    await expect(runGc(second)).rejects.toMatchObject({ code: 'gc_refused', detail: 'already_running' });
    next.deadPids.add(1);
    expect((await runGc(second)).completed).toBe(true);
    expect(second.liveSessions().map((session) => session.process.pid)).toEqual([2]);
    expect(second.getRef(headRef('main'))?.commitId).toBe(kept);
  });

  it('gives up its own recent objects at a checkpoint, no one else’s [DML-STO-0507]', async () => {
    const at = path();
    const first = await openFixture(fakeEnvironment(1), at);
    const second = await openFixture(fakeEnvironment(2), at);
    putText(first, 'one');
    const other = putText(second, 'two');
    first.checkpoint();
    expect(writtenIds(first)).toEqual([{ session: second.sessionId, ids: [other] }]);
    const later = putText(first, 'three');
    expect(writtenIds(first).map((row) => row.ids)).toEqual([[other], [later]]);
    const mine = sessionsOf(first).find((session) => session.sessionId === first.sessionId);
    expect(mine?.startGeneration).toBe(3);
  });

  it('ends with its recent objects when the store is closed [DML-STO-0508]', async () => {
    const at = path();
    const first = await openFixture(fakeEnvironment(1), at);
    const second = await openFixture(fakeEnvironment(2), at);
    putText(first, 'one');
    putText(second, 'two');
    await first.close();
    expect(sessionsOf(second).map((session) => session.sessionId)).toEqual([second.sessionId]);
    expect(writtenIds(second).map((row) => row.session)).toEqual([second.sessionId]);
  });

  it('does not retain what is absent or excised [DML-STO-0509]', async () => {
    const store = await openFixture();
    const id = putText(store, 'secret');
    const key = objectKey('chunk', id) as Buffer;
    const tombstone = encodeTombstone(key, { class: 'chunk', objectId: id, ...EXCISION_FACTS, timeMs: 1 });
    store.transact('excise', (transaction) => transaction.putRow('objects', key, tombstone));
    store.transact('retain', (transaction) => {
      expect(transaction.retain('chunk', id)).toBe(false);
      expect(transaction.retain('chunk', hashBytes(Buffer.from('absent')))).toBe(false);
      expect(transaction.retain('chunk', 'nonsense' as never)).toBe(false);
    });
    expect(writtenIds(store)).toHaveLength(1);
  });
});
