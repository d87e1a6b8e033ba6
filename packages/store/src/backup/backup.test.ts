import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type CommitId, type DatumId, type ExecId, encodeRecord, hashBytes } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { EXCISED, EXCISION_FACTS, excise } from '../../test/excise.ts';
import {
  type FakeEnvironment,
  fakeEnvironment,
  openFixture,
  setRef,
  temporaryFolder,
} from '../../test/fixture-store.ts';
import { Opener } from '../../test/opener.ts';
import {
  putCall,
  putCommit,
  putDag,
  putExec,
  putLiteral,
  putText,
  putTextDag,
  textBytes,
} from '../../test/records.ts';
import { loseObject, spoilObject } from '../../test/rows.ts';
import { commitTo, failureOf } from '../../test/streams.ts';
import { heldEngineCount } from '../engine/held-engines.ts';
import { type Row, readKeys, readRow, readRows, refreshSnapshot } from '../engine/reading.ts';
import { TABLE_NAMES } from '../engine/tables.ts';
import { applyExcision, planExcision } from '../excision/excise.ts';
import { liftExcision } from '../excision/lift.ts';
import type { ExcisionPlan } from '../excision/plan.ts';
import { collectSteps } from '../gc/collect.ts';
import { runGc } from '../gc/run.ts';
import { openStore } from '../open-store.ts';
import { execRef, headRef } from '../refs/ref-name.ts';
import type { Store } from '../store.ts';
import { encodeJsonRow } from '../tables/checksummed-row.ts';
import { objectKey } from '../tables/keyspace.ts';
import { verifyStore } from '../verify/verify-store.ts';
import { type BackupOptions, backupStore } from './backup.ts';

function putHead(store: Store, label: string, parents: readonly CommitId[] = []): CommitId {
  return commitTo(store, { dags: {}, text: label, parents });
}

/** Puts a history of commits, five objects each. */
function putMany(store: Store, commits: number): CommitId {
  let commitId: CommitId | undefined;
  store.transact('fill', (transaction) => {
    for (let index = 0; index < commits; index += 1) {
      const dags = { d: putTextDag(transaction, `${index}`.padEnd(500, 'x')) };
      commitId = putCommit(transaction, { dags, parents: commitId === undefined ? [] : [commitId] });
    }
  });
  setRef(store, 'main', commitId as CommitId);
  return commitId as CommitId;
}

/** Rows of a table that a backup has to have in common with its source. */
function rowsOf(store: Store, table: (typeof TABLE_NAMES)[number]): string[] {
  refreshSnapshot(store.engine);
  return readRows(store.engine, table).map(
    ({ key, value }) => `${key.toString('hex')}=${value.toString('hex')}`,
  );
}

async function opened<T>(path: string, body: (store: Store) => T | Promise<T>): Promise<T> {
  const store = await openStore(path, { mode: 'read', environment: fakeEnvironment() });
  try {
    expect((await verifyStore(store)).findings).toBe(0);
    return await body(store);
  } finally {
    await store.close();
  }
}

/** Makes a backup end once so many objects have been dealt with. */
async function stopWhileCopying(source: Store, path: string, least = 0): Promise<void> {
  const stop = new AbortController();
  const onProgress: BackupOptions['onProgress'] = ({ phase, done }) => {
    if (phase === 'copy' && done >= least) stop.abort(new Error('stopped by the test'));
  };
  const backup = backupStore(source, path, { onProgress, signal: stop.signal });
  await expect(backup).rejects.toThrow('stopped by');
}

function targetPath(): string {
  return join(temporaryFolder(), 'copy', 'store');
}

/** Has a backup do something in each step of a phase. */
function during(phase: string, act: () => void): (progress: { readonly phase: string }) => void {
  return (progress) => {
    if (progress.phase === phase) act();
  };
}

/** Excises by a plan that puts have overtaken. */
function exciseAnyway(plan: ExcisionPlan): void {
  const generation = Number(source.getMeta('generation'));
  applyExcision(source, { ...plan, generation }, EXCISION_FACTS);
}

let environment: FakeEnvironment;
let source: Store;
let path: string;

beforeEach(async () => {
  environment = fakeEnvironment();
  source = await openFixture(environment);
  path = targetPath();
});

describe('backupStore', () => {
  it('holds refs, standing holds, excisions and journal of the cut [DML-STO-1401]', async () => {
    const commitId = putHead(source, 'a');
    let [pinned, expiring, excised] = ['', '', ''] as [DatumId, DatumId, DatumId];
    source.transact('fill', (transaction) => {
      [pinned, expiring, excised] = ['pinned', 'expiring', 'excised'].map((text) =>
        putText(transaction, text),
      ) as [DatumId, DatumId, DatumId];
      const hold = { class: 'datum', owner: 'ada', reason: 'keep', expiresMs: null } as const;
      transaction.putHold({ ...hold, objectId: pinned });
      transaction.putHold({ ...hold, objectId: expiring, expiresMs: environment.nowMsValue + 1 });
    });
    await excise(source, { class: 'datum', objectId: excised });
    environment.nowMsValue += 2;
    const [refs, journal] = [rowsOf(source, 'refs'), rowsOf(source, 'journal')];
    // Whatever is written after the cut is no part of it.
    const onProgress = (): void => void putHead(source, 'later', [commitId]);
    await backupStore(source, path, { onProgress });
    await opened(path, (target) => {
      expect(rowsOf(target, 'refs')).toEqual(refs);
      expect(rowsOf(target, 'journal')).toEqual(journal);
      expect(target.readHolds().map((hold) => hold.objectId)).toEqual([pinned]);
      expect(rowsOf(target, 'excised')).toEqual(rowsOf(source, 'excised'));
      expect(target.has('datum', pinned)).toBe(true);
      expect(() => target.get('datum', excised)).toThrow('excised');
      expect(target.getMeta('backup')).toBe(environment.nowMsValue);
    });
  });

  it('holds all that refs and holds reach, and nothing else [DML-STO-1402]', async () => {
    const commitId = putMany(source, 4_000);
    const garbage = source.transact('garbage', (transaction) => putText(transaction, 'garbage'));
    const report = await backupStore(source, path);
    expect(report).toMatchObject({ isNew: true, refs: 1, sequence: 1, copiedObjects: report.objects });
    await opened(path, (target) => {
      expect(target.getRef(headRef('main'))?.commitId).toBe(commitId);
      expect(target.has('datum', garbage)).toBe(false);
      expect(readRows(target.engine, 'objects')).toHaveLength(report.objects);
    });
    expect(report.objects).toBe(20_000);
  });

  it('holds the attempts of the cut [DML-STO-0573]', async () => {
    putHead(source, 'a');
    const key = Buffer.alloc(16, 1);
    const put = (token: string): void =>
      source.transact('attempt', (transaction) =>
        transaction.putRow('attempts', key, encodeJsonRow('attempts', key, { schema: 1, token })),
      );
    put('first');
    const rows = rowsOf(source, 'attempts');
    await backupStore(source, path, { onProgress: () => put('later') });
    await opened(path, (target) => expect(rowsOf(target, 'attempts')).toEqual(rows));
    source.transact('gone', (transaction) => void transaction.deleteRow('attempts', key));
    await backupStore(source, path);
    await opened(path, (target) => expect(rowsOf(target, 'attempts')).toEqual([]));
  });

  it('holds no listing, not even one that was written into it [DML-STO-0588]', async () => {
    putHead(source, 'a');
    const putListing = (store: Store): void =>
      store.transact('files', (transaction) => {
        const [place, head] = [Buffer.alloc(32, 1), Buffer.from('head')];
        transaction.putListing({ place, datumIds: [], head, partCount: 1, parts: new Map([[0, head]]) });
      });
    putListing(source);
    await backupStore(source, path);
    await opened(path, (target) => void expect(rowsOf(target, 'files')).toEqual([]));
    const target = await openStore(path, { mode: 'write', environment });
    putListing(target);
    await target.close();
    await backupStore(source, path);
    await opened(path, (again) => void expect(rowsOf(again, 'files')).toEqual([]));
    expect(rowsOf(source, 'files')).toHaveLength(2);
  });

  it('holds the stubs of what is withheld and reached, until the object comes [DML-STO-0847]', async () => {
    const bytesOf = ['first', 'second', 'third', 'unreached'].map(textBytes);
    const [first, second, third, unreached] = bytesOf.map((bytes) => hashBytes<'datum'>(bytes)) as DatumId[];
    const reached = [first!, second!, third!] as const;
    source.transact('fill', (transaction) => {
      for (const objectId of [...reached, unreached!])
        transaction.putStub({ class: 'datum', objectId, domain: 'x:y', timeMs: 1 });
      const dagIds = reached.map((datumId) => putDag(transaction, putLiteral(transaction, datumId)));
      setRef(transaction, 'main', putCommit(transaction, { dags: Object.fromEntries(dagIds.entries()) }));
    });
    await backupStore(source, path);
    await opened(path, (target) => {
      for (const objectId of reached)
        expect(target.getStub('datum', objectId)).toEqual(source.getStub('datum', objectId));
      expect(target.getStub('datum', unreached!)).toBeUndefined();
    });
    const come = (at: number): void =>
      source.transact('come', (transaction) => void transaction.put('datum', bytesOf[at] as Uint8Array));
    come(0);
    await backupStore(source, path);
    await opened(path, (target) => {
      expect(target.has('datum', first!)).toBe(true);
      expect(rowsOf(target, 'stubs')).toHaveLength(2);
    });
    come(1);
    await excise(source, { class: 'datum', objectId: third! });
    await backupStore(source, path);
    await opened(path, (target) => {
      expect(rowsOf(target, 'stubs')).toEqual([]);
      expect(target.has('datum', second!)).toBe(true);
      expect(() => target.get('datum', third!)).toThrow(EXCISED);
    });
  });

  it('has head, identity and creation of the source [DML-STO-1403]', async () => {
    putHead(source, 'a');
    source.setHead(headRef('other'));
    environment.nowMsValue += 1_000;
    await backupStore(source, path, { program: 'someone else' });
    await opened(path, (target) => {
      for (const key of ['repository', 'created_by', 'created_at_ms', 'head'] as const)
        expect([key, target.getMeta(key)]).toEqual([key, source.getMeta(key)]);
      expect(target.head()).toBe('refs/heads/other');
    });
  });

  it('keeps what it copies from a concurrent collection [DML-STO-1404]', async () => {
    const commitId = putHead(source, 'a');
    source.checkpoint();
    let isSwept = false;
    const onProgress = (): void => {
      if (isSwept) return;
      isSwept = true;
      // The only ref moves on once the cut is made, and a collection runs before anything is copied.
      putHead(source, 'another history');
      source.checkpoint();
      for (const _ of collectSteps(source));
    };
    await backupStore(source, path, { onProgress });
    await opened(path, (target) => expect(target.has('commit', commitId)).toBe(true));
    await runGc(source);
    expect(source.has('commit', commitId)).toBe(false);
  });

  it('does not make the source grow while others write to it [DML-STO-1405]', async () => {
    putMany(source, 13_000);
    const mover = new Opener(source.path);
    expect(mover.tell({ kind: 'open' }).at).toBe('opened');
    let turns = 0;
    const moveOften = (): void => {
      expect(mover.tell({ kind: 'move' })).toEqual({});
      turns += 1;
    };
    moveOften();
    const dataFile = join(source.path, 'data.mdb');
    const before = statSync(dataFile).size;
    let marks = 0;
    const onProgress: BackupOptions['onProgress'] = ({ phase }) => {
      if (phase === 'mark') marks += 1;
      moveOften();
    };
    await backupStore(source, targetPath(), { onProgress });
    // 65,000 objects in steps of at most 20,000, then of 5,000.
    expect(marks).toBeGreaterThanOrEqual(4);
    expect(turns).toBeGreaterThan(20);
    // A snapshot held from the first step would keep five pages from each of several hundred transactions.
    expect(statSync(dataFile).size - before).toBeLessThan(turns * 20 * 4096);
  });

  it('refuses to copy an object whose bytes are not those of its id [DML-STO-1406]', async () => {
    putHead(source, 'a');
    let damagedId = '';
    const onProgress = during('mark', () => {
      const [row] = readRows(source.engine, 'objects', { limit: 1 });
      damagedId = row?.key.subarray(1).toString('hex') ?? '';
      spoilObject(source, 'datum', damagedId as DatumId);
    });
    const error = await backupStore(source, path, { onProgress }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: 'store_damaged',
      fields: { path: source.path, objectId: damagedId, class: 'datum' },
    });
    expect(existsSync(path)).toBe(false);
  });

  it('reads what it has copied from the target [DML-STO-1407]', async () => {
    putHead(source, 'a');
    const draft = `${path}.incomplete`;
    await stopWhileCopying(source, path);
    for (const rotten of [Buffer.from('rotten'), undefined]) {
      const other = await openFixture(fakeEnvironment(7), draft);
      environment.failpoint = (name) => {
        if (name !== 'backup/copy/after-commit') return;
        environment.failpoint = undefined;
        refreshSnapshot(other.engine);
        const [{ key }] = readRows(other.engine, 'objects', { limit: 1 }) as [Row];
        other.transact('fault', (transaction) => {
          if (rotten === undefined) transaction.deleteRow('objects', key);
          else transaction.putRow('objects', key, rotten);
        });
      };
      await expect(backupStore(source, path)).rejects.toMatchObject({
        code: 'store_damaged',
        fields: { path: draft },
      });
      other.transact('clear', (transaction) => {
        for (const key of readKeys(other.engine, 'objects')) transaction.deleteRow('objects', key);
      });
      await other.close();
      expect(existsSync(path)).toBe(false);
    }
    await backupStore(source, path);
    expect(existsSync(path)).toBe(true);
  });

  it('reads all that a first one holds, also what was copied before it was cut off [DML-STO-1407]', async () => {
    putMany(source, 2_000);
    await stopWhileCopying(source, path, 5_000);
    const draft = await openFixture(fakeEnvironment(), `${path}.incomplete`);
    const [{ key }] = readRows(draft.engine, 'objects', { limit: 1 }) as [Row];
    draft.transact('fault', (transaction) => transaction.putRow('objects', key, Buffer.from('rotten')));
    await draft.close();
    await expect(backupStore(source, path)).rejects.toMatchObject({
      code: 'store_damaged',
      fields: { path: `${path}.incomplete` },
    });
    expect(existsSync(path)).toBe(false);
  });

  it('is in its place for good [DML-STO-1409]', async () => {
    putHead(source, 'a');
    const synced: [string, boolean][] = [];
    environment.syncDirectory = (folder) => void synced.push([folder, existsSync(path)]);
    await backupStore(source, path);
    expect(synced.at(-1)).toEqual([dirname(path), true]);
  });

  it('continues a backup that was cut off [DML-STO-1408]', async () => {
    putMany(source, 2_000);
    await stopWhileCopying(source, path, 5_000);
    expect(existsSync(path)).toBe(false);
    const copied = await opened(`${path}.incomplete`, ({ engine }) => readRows(engine, 'objects').length);
    expect(copied).toBeGreaterThanOrEqual(5_000);
    const report = await backupStore(source, path);
    expect(report.copiedObjects).toBe(report.objects - copied);
    expect(existsSync(`${path}.incomplete`)).toBe(false);
    await opened(path, (target) => expect(readRows(target.engine, 'objects')).toHaveLength(report.objects));
  });

  it('copies later only what is new [DML-STO-1411]', async () => {
    const first = putMany(source, 500);
    for (let move = 0; move < 50; move += 1) setRef(source, 'moving', move % 2 === 0 ? first : null);
    await backupStore(source, path);
    expect(await backupStore(source, path)).toMatchObject({ isNew: false, copiedObjects: 0, copiedBytes: 0 });
    const written: string[] = [];
    const second = putHead(source, 'b', [first]);
    setRef(source, 'gone', first);
    setRef(source, 'gone', null);
    environment.failpoint = (name) => void written.push(name);
    const report = await backupStore(source, path);
    environment.failpoint = undefined;
    expect(report).toMatchObject({ copiedObjects: 5, sequence: 54 });
    expect(report.objects).toBe(2_505);
    expect(written.filter((name) => name === 'backup/copy/begin')).toHaveLength(1);
    // Five objects, a ref, three rows of the journal, and what every backup writes.
    expect(written.filter((name) => name === 'put').length).toBeLessThan(40);
    await opened(path, (target) => {
      expect(target.getRef(headRef('main'))?.commitId).toBe(second);
      for (const table of ['refs', 'journal'] as const)
        expect(rowsOf(target, table)).toEqual(rowsOf(source, table));
    });
  });

  it('copies what the index knows of its execs [DML-STO-1401]', async () => {
    const source = await openFixture(environment);
    putHead(source, 'a');
    let [execId, loose] = ['', ''] as [ExecId, ExecId];
    source.transact('execs', (transaction) => {
      const dagId = putTextDag(transaction, 'result');
      const input = putLiteral(transaction, putText(transaction, 'input'));
      const nodeId = putCall(transaction, 'x:function', [input]);
      execId = putExec(transaction, nodeId, dagId);
      loose = putExec(transaction, nodeId, dagId, 5);
      const commitId = putCommit(transaction, { pins: { [nodeId]: execId } });
      transaction.putCacheEntry('1'.repeat(64), execId);
      transaction.putCacheEntry('1'.repeat(64), loose);
      const ref = execRef('00000000-0000-4000-8000-000000000002');
      transaction.updateRef({ ref, expected: null, next: commitId, actor: 'ada', reason: 'test' });
    });
    await backupStore(source, path);
    await opened(path, (target) => expect(target.cacheEntries('1'.repeat(64))).toEqual([execId]));
    source.transact('forget', (transaction) => void transaction.deleteCacheEntry('1'.repeat(64), execId));
    await backupStore(source, path);
    await opened(path, (target) => expect(target.cacheEntries('1'.repeat(64))).toEqual([]));
  });

  it('excises what its source has excised since [DML-STO-1412]', async () => {
    const objectId = source.transact('fill', (transaction) => putText(transaction, 'the secret'));
    putHead(source, 'the secret');
    await backupStore(source, path);
    await opened(path, (target) => expect(target.has('datum', objectId)).toBe(true));
    await excise(source, { class: 'datum', objectId });
    await backupStore(source, path);
    await opened(path, (target) => {
      expect(() => target.get('datum', objectId)).toThrow('excised');
      expect(rowsOf(target, 'excised')).toEqual(rowsOf(source, 'excised'));
    });
  });

  it('follows a lifted excision [DML-STO-1413]', async () => {
    const loose = source.transact('fill', (transaction) => putText(transaction, 'loose'));
    putHead(source, 'the secret');
    const bytes = textBytes('the secret');
    const kept = hashBytes<'datum'>(bytes);
    await excise(source, { class: 'datum', objectId: kept }, { class: 'datum', objectId: loose });
    await backupStore(source, path);
    liftExcision(source, 'datum', bytes);
    liftExcision(source, 'datum', textBytes('loose'));
    await backupStore(source, path);
    await opened(path, (target) => {
      expect(target.get('datum', kept)).toEqual(bytes);
      expect(rowsOf(target, 'excised')).toEqual([]);
      expect(readRow(target.engine, 'objects', objectKey('datum', loose) as Buffer)).toBeUndefined();
    });
  });
});

describe('a backup whose stores change during it', () => {
  const child = textBytes('a child'.padEnd(300, '.'));
  const childId = hashBytes<'datum'>(child);

  const bytes = encodeRecord({ type: 'datum', kind: 'list', root: [childId] });
  const objectId = hashBytes<'datum'>(bytes);

  /** Puts a head whose dag holds a list that links to a child, or the stub of the list. */
  function putList(isThere: boolean): void {
    source.transact('fill', (transaction) => {
      if (isThere) transaction.put('datum', child);
      if (isThere) transaction.put('datum', bytes);
      else transaction.putStub({ class: 'datum', objectId, domain: 'x:y', timeMs: 1 });
      const d = putDag(transaction, putLiteral(transaction, objectId));
      setRef(transaction, 'main', putCommit(transaction, { dags: { d } }));
    });
  }

  const name = { class: 'datum', objectId } as const;
  const lift = (): void => void liftExcision(source, 'datum', bytes);
  const changes = {
    'is excised': exciseAnyway,
    'is lost': () => loseObject(source, 'datum', objectId),
    'is lifted': lift,
    comes: () =>
      source.transact('come', (transaction) => {
        transaction.put('datum', child);
        transaction.put('datum', bytes);
      }),
  } as const;

  it.each([
    ['is excised', 'there', 'mark'],
    ['is lost', 'there', 'mark'],
    ['comes', 'withheld', 'mark'],
    ['is lifted', 'excised', 'mark'],
    ['is excised', 'lifted', 'copy'],
    ['is lost', 'lifted', 'copy'],
  ] as const)(
    'is refused when an object %s that was %s at its %s [DML-STO-1905]',
    async (change, was, phase) => {
      putList(was !== 'withheld');
      if (was === 'excised' || was === 'lifted') await excise(source, name);
      if (was === 'lifted') {
        await backupStore(source, path);
        lift();
      }
      const plan = await planExcision(source, { objects: [name] });
      let isDone = false;
      const onProgress = during(phase, () => {
        if (!isDone) changes[change](plan);
        isDone = true;
      });
      expect(await failureOf(backupStore(source, path, { onProgress }))).toBe(
        'backup_refused/source_changed',
      );
      if (was === 'lifted')
        await opened(path, (target) => expect(() => target.get('datum', objectId)).toThrow());
      else expect(existsSync(path)).toBe(false);
      if (change === 'is lost') return;
      await backupStore(source, path);
      await opened(path, (target) => {
        if (change === 'is excised') expect(() => target.get('datum', objectId)).toThrow(EXCISED);
        else expect(target.has('datum', childId)).toBe(true);
      });
    },
  );

  it('is refused when the target loses an object of it [DML-STO-1423]', async () => {
    const first = putHead(source, 'a');
    await backupStore(source, path);
    const second = putHead(source, 'b', [first]);
    const other = await openFixture(fakeEnvironment(7), path);
    const onProgress = during('check', () => loseObject(other, 'commit', first));
    const refusal = { code: 'backup_refused', detail: 'target_changed', fields: { path } };
    await expect(backupStore(source, path, { onProgress })).rejects.toMatchObject(refusal);
    expect(other.getRef(headRef('main'))?.commitId).toBe(first);
    await other.close();
    await backupStore(source, path);
    await opened(path, (target) => expect(target.getRef(headRef('main'))?.commitId).toBe(second));
  });
});

describe('the place of a backup', () => {
  it.each(['file', 'folder'])('is no %s that holds something else [DML-STO-1422]', async (kind) => {
    putHead(source, 'a');
    for (const tail of ['', '.incomplete']) {
      const path = join(temporaryFolder(), 'store');
      const place = `${path}${tail}`;
      if (kind === 'folder') mkdirSync(place);
      const file = kind === 'folder' ? join(place, 'notes.txt') : place;
      writeFileSync(file, 'mine');
      await expect(backupStore(source, path)).rejects.toMatchObject({
        code: 'backup_refused',
        detail: 'occupied',
        fields: { path: place },
      });
      expect([readFileSync(file, 'utf8'), readdirSync(dirname(path))]).toEqual(['mine', [`store${tail}`]]);
    }
    const empty = temporaryFolder();
    expect(await backupStore(source, empty)).toMatchObject({ isNew: true });
  });

  it('stays free when a first backup is refused [DML-STO-1424]', async () => {
    putHead(source, 'a');
    const [row] = readRows(source.engine, 'objects', { limit: 1 });
    source.transact('fault', (transaction) => void transaction.deleteRow('objects', row?.key as Buffer));
    const folder = temporaryFolder();
    expect(await failureOf(backupStore(source, join(folder, 'copy', 'store')))).toMatch(/^backup_refused/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is no other store and no backup of another one [DML-STO-1414]', async () => {
    putHead(source, 'a');
    const other = await openFixture();
    const otherHead = putHead(other, 'b');
    await backupStore(other, path);
    expect(await failureOf(backupStore(source, path))).toBe('backup_refused/other_repository');
    await opened(path, (target) => expect(target.getRef(headRef('main'))?.commitId).toBe(otherHead));
    await other.close();
    expect(await failureOf(backupStore(source, other.path))).toBe('backup_refused/not_a_backup');
    await opened(other.path, (target) => {
      expect(target.getRef(headRef('main'))?.commitId).toBe(otherHead);
      expect(target.getMeta('backup')).toBeUndefined();
    });
    // Nor is it a draft of another one.
    const stopped = targetPath();
    await stopWhileCopying(source, stopped);
    const third = await openFixture();
    putHead(third, 'c');
    expect(await failureOf(backupStore(third, stopped))).toBe('backup_refused/other_repository');
  });

  it('has no moves of its own [DML-STO-1415]', async () => {
    const commitId = putHead(source, 'a');
    await backupStore(source, path);
    const worker = await openFixture(fakeEnvironment(), path);
    setRef(worker, 'own', commitId);
    await worker.close();
    expect(await failureOf(backupStore(source, path))).toBe('backup_refused/diverged');
    // As many moves in the source do not make them the same.
    environment.nowMsValue += 1;
    setRef(source, 'own', commitId);
    expect(await failureOf(backupStore(source, path))).toBe('backup_refused/diverged');
    await opened(path, (target) =>
      expect(target.readRefs('heads').map((ref) => ref.name)).toContain(headRef('own')),
    );
  });

  it('has no moves that were made during the backup [DML-STO-1415]', async () => {
    const commitId = putHead(source, 'a');
    await backupStore(source, path);
    putHead(source, 'b', [commitId]);
    const worker = await openFixture(fakeEnvironment(7), path);
    const onProgress = (): void => setRef(worker, 'own', commitId);
    expect(await failureOf(backupStore(source, path, { onProgress }))).toBe('backup_refused/diverged');
    await worker.close();
    await opened(path, (target) => {
      expect(target.getRef(headRef('main'))?.commitId).toBe(commitId);
      expect(target.getRef(headRef('own'))?.commitId).toBe(commitId);
    });
  });

  it('is apart from its source [DML-STO-1416]', async () => {
    const folder = temporaryFolder();
    const source = await openFixture(fakeEnvironment(), join(folder, '.dml', 'store'));
    putHead(source, 'a');
    const linked = join(temporaryFolder(), 'link');
    symlinkSync(join(folder, '.dml'), linked);
    const places = [
      source.path,
      join(source.path, 'copy'),
      join(source.path, 'deeper', 'copy'),
      join(linked, 'store'),
      join(linked, 'store', 'copy'),
    ];
    for (const path of places)
      expect(await failureOf(backupStore(source, path)), path).toBe('backup_refused/inside_source');
    expect(readdirSync(source.path).sort()).toEqual(['data.mdb', 'lock.mdb', 'stamp']);
    // A folder whose name merely begins like that of the source is apart.
    await backupStore(source, `${source.path}..copy`);
    await backupStore(source, join(folder, '.dml', '..copy'));
  });

  it('is not in use [DML-STO-1417]', async () => {
    const commitId = putHead(source, 'a');
    await backupStore(source, path);
    putHead(source, 'b', [commitId]);
    const user = await openFixture(fakeEnvironment(7), path);
    user.setHead(headRef('main'));
    expect(await failureOf(backupStore(source, path))).toBe('backup_refused/in_use');
    expect(user.getRef(headRef('main'))?.commitId).toBe(commitId);
    await user.close();
    await backupStore(source, path);
  });

  it('keeps its refs when the source lacks something [DML-STO-1418]', async () => {
    const commitId = putHead(source, 'a');
    await backupStore(source, path);
    const datumId = source.transact('fill', (transaction) => putText(transaction, 'b'));
    putHead(source, 'b', [commitId]);
    loseObject(source, 'datum', datumId);
    await expect(backupStore(source, path)).rejects.toMatchObject({
      code: 'backup_refused',
      detail: 'closure_incomplete',
      fields: { class: 'datum', objectId: datumId },
    });
    await opened(path, (target) => expect(target.getRef(headRef('main'))?.commitId).toBe(commitId));
  });

  it('leaves its source as it was, refused or not [DML-STO-1419]', async () => {
    putHead(source, 'a');
    const other = await openFixture();
    putHead(other, 'b');
    await backupStore(other, path);
    const tables = TABLE_NAMES.filter((name) => name !== 'meta');
    const before = tables.map((table) => rowsOf(source, table));
    await expect(backupStore(source, path)).rejects.toMatchObject({ code: 'backup_refused' });
    expect(tables.map((table) => rowsOf(source, table))).toEqual(before);
    expect(source.getMeta('backup')).toBeUndefined();
    await backupStore(source, targetPath());
    expect(tables.map((table) => rowsOf(source, table))).toEqual(before);
  });

  describe('that cannot be closed in order', () => {
    /** Has the system refuse the sync of the transaction that ends the next session, which is that of the target. */
    function failToClose(environment: FakeEnvironment): void {
      environment.failpoint = (name) => {
        if (name !== 'close/before-commit') return;
        environment.failpoint = undefined;
        throw Object.assign(new Error('sync'), { code: 'EIO', syscall: 'fdatasync' });
      };
    }

    it('is not what a backup reports that failed or was ended [DML-STO-0759]', async () => {
      putHead(source, 'a');
      const held = heldEngineCount();
      failToClose(environment);
      const stop = new AbortController();
      const onProgress = during('copy', () => stop.abort(new Error('stopped by the test')));
      await expect(backupStore(source, path, { onProgress, signal: stop.signal })).rejects.toThrow(
        'stopped by',
      );
      expect(environment.failpoint).toBeUndefined();
      // The row that stayed is one of a process that has ended.
      environment.deadPids.add(environment.process.pid);
      await backupStore(source, path);
      const other = await openFixture(environment);
      putHead(other, 'b');
      setRef(other, 'main', null);
      failToClose(environment);
      await expect(backupStore(other, path)).rejects.toMatchObject({ detail: 'other_repository' });
      await other.close();
      expect(heldEngineCount()).toBe(held);
    });

    it('is in its place all the same, and says so [DML-STO-0760]', async () => {
      const first = putHead(source, 'a');
      const refusal = { code: 'store_close_failed', fields: { path, errno: 'EIO' } };
      failToClose(environment);
      await expect(backupStore(source, path)).rejects.toMatchObject(refusal);
      expect(existsSync(`${path}.incomplete`)).toBe(false);
      await opened(path, (target) => expect(target.getRef(headRef('main'))?.commitId).toBe(first));
      const second = putHead(source, 'b', [first]);
      failToClose(environment);
      environment.deadPids.add(environment.process.pid);
      await expect(backupStore(source, path)).rejects.toMatchObject(refusal);
      await opened(path, (target) => {
        expect(target.getRef(headRef('main'))?.commitId).toBe(second);
        expect(target.getMeta('backup')).toBe(environment.nowMsValue);
      });
    });
  });
});
