import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashBytes } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { type FakeEnvironment, fakeEnvironment, openFixture, setRef } from '../test/fixture-store.ts';
import { putCommit } from '../test/records.ts';
import { engineOptions } from './engine/engine-options.ts';
import { readRows } from './engine/reading.ts';
import { TABLE_NAMES } from './engine/tables.ts';
import { applyExcision } from './excision/excise.ts';
import { openStore } from './open-store.ts';
import { headRef } from './refs/ref-name.ts';
import type { Store } from './store.ts';
import type { WriteTransaction } from './write-transaction.ts';

const chunk = (text: string): Buffer => Buffer.from(text);
const idOf = (text: string) => hashBytes<'chunk'>(chunk(text));

/** Everything a store holds, as text that two moments can be compared by. */
function dump(store: Store): string {
  return TABLE_NAMES.flatMap((table) =>
    readRows(store.engine, table).map(
      (row) => `${table} ${row.key.toString('hex')} ${row.value.toString('hex')}`,
    ),
  ).join('\n');
}

function putText(store: Store, text: string): void {
  store.transact('put', (transaction) => {
    transaction.put('chunk', chunk(text));
  });
}

let environment: FakeEnvironment;
let store: Store;

beforeEach(async () => {
  environment = fakeEnvironment();
  store = await openFixture(environment);
});

describe('write transactions', () => {
  it('are seen by others and on the disk as soon as they end [DML-STO-0122]', async () => {
    const { path } = store;
    putText(store, 'one');
    // Whether a sync is left for later shows in the flags of the meta pages: 8 alone means that none is.
    const file = readFileSync(join(path, 'data.mdb'));
    for (const page of [0, 4096]) expect(file.readUInt16LE(page + 52)).toBe(8);
    expect(engineOptions(path, false, 1)).toMatchObject({ noSync: false, noMetaSync: false });
    await store.close();
    const reader = await openStore(path, { mode: 'read' });
    expect(reader.get('chunk', idOf('one'))?.toString()).toBe('one');
    await reader.close();
  });

  it('leave no trace when their body throws [DML-STO-0123]', async () => {
    putText(store, 'before');
    setRef(store, 'main', null);
    const before = dump(store);
    expect(() =>
      store.transact('fails', (transaction) => {
        setRef(transaction, 'main', putCommit(transaction, {}));
        transaction.setMeta('head', 'refs/heads/x');
        throw new RangeError('mine');
      }),
    ).toThrow(RangeError);
    expect(dump(store)).toBe(before);
    putText(store, 'after');
    expect(store.has('chunk', idOf('after'))).toBe(true);
  });

  it('return what their body returns [DML-STO-1500]', async () => {
    const id = store.transact('put', (transaction) => transaction.put('chunk', chunk('x')));
    expect(store.get('chunk', id)?.toString()).toBe('x');
    for (const result of [undefined, null, 0, { id }])
      expect(store.transact('none', () => result)).toBe(result);
  });

  it('refuse a body that returns a promise [DML-STO-0124]', async () => {
    const misuse = expect.objectContaining({ code: 'store_misuse', detail: 'transaction_body_async' });
    const body = async (transaction: WriteTransaction): Promise<void> => {
      transaction.put('chunk', chunk('x'));
    };
    expect(() => store.transact('async', body)).toThrow(misuse);
    expect(store.has('chunk', idOf('x'))).toBe(false);
    putText(store, 'fine');
  });

  it('do not nest [DML-STO-0125]', async () => {
    expect(() =>
      store.transact('outer', () => {
        store.transact('inner', () => {});
      }),
    ).toThrow(expect.objectContaining({ code: 'store_nested_write', fields: { label: 'inner' } }));
    putText(store, 'fine');
    expect(store.has('chunk', idOf('fine'))).toBe(true);
  });

  it('are over when their body is [DML-STO-0126]', async () => {
    const kept = store.transact('keep', (transaction) => transaction);
    const late = kept as WriteTransaction;
    const over = expect.objectContaining({ code: 'store_misuse', detail: 'transaction_over' });
    expect(() => late.put('chunk', chunk('late'))).toThrow(over);
    expect(() => late.get('chunk', idOf('late'))).toThrow(over);
    expect(() => late.setMeta('head', 'x')).toThrow(over);
    expect(() => setRef(late, 'x', null)).toThrow(over);
    expect(() => late.deleteHold('chunk', idOf('x'), 'ada')).toThrow(over);
  });

  it('refuse arguments that cannot be stored and go on [DML-STO-0139]', async () => {
    const id = 'ab'.repeat(32);
    const wrong: ((transaction: WriteTransaction) => unknown)[] = [
      (transaction) => transaction.putCacheEntry('zz', 'qq'),
      (transaction) => transaction.putCacheEntry(id, ''),
      (transaction) => transaction.deleteCacheEntry('', ''),
      (transaction) => transaction.setMeta('' as never, 1),
      (transaction) => transaction.setMeta('x'.repeat(3000) as never, 1),
      (transaction) => transaction.put('nonsense' as never, chunk('x')),
      (transaction) => transaction.deleteHold('chunk', id as never, ''),
      (transaction) => transaction.deleteHold('chunk', id as never, 7 as never),
    ];
    const misuse = expect.objectContaining({ code: 'store_misuse' });
    for (const [index, call] of wrong.entries()) {
      expect(() => store.transact('wrong', (transaction) => void call(transaction)), `${index}`).toThrow(
        misuse,
      );
      putText(store, `fine ${index}`);
    }
    const refused = [
      [() => store.setHead('nonsense' as never), 'ref_name_invalid'],
      [() => store.cacheEntries('zz'), 'store_misuse'],
      [
        () => applyExcision(store, { excise: [{ class: 'datum', objectId: 'x' }] } as never, {} as never),
        'excision_refused',
      ],
      [
        () =>
          applyExcision(
            store,
            { excise: [{ class: 'datum', objectId: 'x' }], generation: store.getMeta('generation') } as never,
            { reason: 'r', message: '', actor: 'a' },
          ),
        'store_misuse',
      ],
    ] as const;
    for (const [call, code] of refused) expect(call, code).toThrow(expect.objectContaining({ code }));
    putText(store, 'fine');
    expect(store.has('chunk', idOf('fine'))).toBe(true);
  });

  it('fail though their body has caught a failure of the engine [DML-STO-0140]', async () => {
    putText(store, 'before');
    environment.failpoint = (name) => {
      if (name === 'put') throw new Error('EIO');
    };
    const swallow = (): void =>
      store.transact('swallow', (transaction) => {
        try {
          transaction.put('chunk', chunk('lost'));
        } catch {
          environment.failpoint = undefined;
        }
        transaction.put('chunk', chunk('kept'));
      });
    expect(swallow).toThrow(expect.objectContaining({ code: 'store_write_failed' }));
    expect(store.has('chunk', idOf('kept'))).toBe(false);
    expect(store.has('chunk', idOf('before'))).toBe(true);
  });

  it('fail though their body has caught a failure of handing over what waited [DML-STO-0140]', async () => {
    putText(store, 'before');
    const table = store.engine.tables.objects;
    const swallow = (): void =>
      store.transact('swallow', (transaction) => {
        for (const text of ['lost', 'before', 'lost too']) transaction.put('chunk', chunk(text));
        const read = table.getBinaryFast;
        table.getBinaryFast = () => {
          throw new Error('EIO');
        };
        try {
          transaction.has('chunk', idOf('lost'));
        } catch {
          table.getBinaryFast = read;
        }
        transaction.put('chunk', chunk('kept'));
      });
    expect(swallow).toThrow(expect.objectContaining({ code: 'store_damaged' }));
    expect(['lost', 'lost too', 'kept'].filter((text) => store.has('chunk', idOf(text)))).toEqual([]);
    expect(store.has('chunk', idOf('before'))).toBe(true);
  });

  const places = ['put', 'ref/before-row', 'ref/before-journal', 'work/begin', 'work/before-commit'];

  async function failAt(place: string): Promise<{ store: Store; before: string; error: unknown }> {
    const environment = fakeEnvironment();
    const store = await openFixture(environment);
    putText(store, 'before');
    const before = dump(store);
    environment.failpoint = (name) => {
      if (name === place) throw new Error(`injected at ${place}`);
    };
    let error: unknown;
    try {
      store.transact('work', (transaction) => setRef(transaction, 'main', putCommit(transaction, {})));
    } catch (caught) {
      error = caught;
    }
    environment.failpoint = undefined;
    return { store, before, error };
  }

  it('report a failed write wherever it fails [DML-STO-0127]', async () => {
    for (const place of places) {
      expect((await failAt(place)).error, place).toMatchObject({
        code: 'store_write_failed',
        fields: { label: 'work' },
      });
    }
  });

  it('are refused for good after a failed write [DML-STO-0128]', async () => {
    for (const place of places) {
      const { store } = await failAt(place);
      const poisoned = expect.objectContaining({ code: 'store_poisoned' });
      expect(() => putText(store, 'later'), place).toThrow(poisoned);
      expect(() => store.setHead(headRef('x')), place).toThrow(poisoned);
      const second = await openStore(store.path, { mode: 'write' });
      expect(() => putText(second, 'later'), place).toThrow(poisoned);
      await second.close();
    }
  });

  it('show nothing of what was reported as failed, now or after reopening [DML-STO-0129]', async () => {
    for (const place of places) {
      const { store, before } = await failAt(place);
      expect(dump(store), place).toBe(before);
      const { path } = store;
      await store.close();
      const reader = await openStore(path, { mode: 'read' });
      expect(dump(reader), place).toBe(before);
      await reader.close();
      const writer = await openStore(path, { mode: 'write' });
      putText(writer, 'works again');
      await writer.close();
    }
  });

  it('leave a poisoned store readable [DML-STO-0130]', async () => {
    const { store } = await failAt('work/before-commit');
    expect(store.get('chunk', idOf('before'))?.toString()).toBe('before');
    expect(store.readRefs()).toEqual([]);
    expect(store.stateVersion()).toBe(0);
  });

  it('copy the bytes they are given before the call returns [DML-STO-0132]', async () => {
    const small = Buffer.from('small');
    const large = Buffer.alloc(100_000, 7);
    const ids = { small: hashBytes<'chunk'>(small), large: hashBytes<'chunk'>(large) };
    store.transact('reuse', (transaction) => {
      transaction.put('chunk', small);
      small.fill(0);
      transaction.put('chunk', large);
      large.fill(0);
    });
    expect(store.get('chunk', ids.small)?.toString()).toBe('small');
    expect(store.get('chunk', ids.large)?.equals(Buffer.alloc(100_000, 7))).toBe(true);
  });

  it('outgrow the space the file was opened with [DML-STO-0133]', async () => {
    const environment = { ...fakeEnvironment(), mapBytes: 2 ** 21 };
    const store = await openFixture(environment);
    const mapBytes = (): unknown => Reflect.get(store.engine.root.getStats(), 'mapSize');
    // The engine's own default is 1 MiB.
    expect(mapBytes()).toBe(2 ** 21);
    const contents = Array.from({ length: 300 }, (_, index) => Buffer.alloc(60_000, index % 251));
    for (let from = 0; from < contents.length; from += 50) {
      store.transact('grow', (transaction) => {
        for (const [at, bytes] of contents.slice(from, from + 50).entries()) {
          bytes.writeUInt32LE(from + at);
          transaction.put('chunk', bytes);
        }
      });
      expect(store.get('chunk', hashBytes<'chunk'>(contents[0] as Buffer))).toBeDefined();
    }
    expect(mapBytes()).toBeGreaterThan(2 ** 24);
    for (const bytes of contents)
      expect(store.get('chunk', hashBytes<'chunk'>(bytes))?.equals(bytes)).toBe(true);
  });

  it('read their own writes [DML-STO-0143]', async () => {
    store.transact('work', (transaction) => {
      const id = transaction.put('chunk', chunk('inside'));
      expect(transaction.get('chunk', id)?.toString()).toBe('inside');
      expect(transaction.has('chunk', id)).toBe(true);
      expect(store.get('chunk', id)?.toString()).toBe('inside');
      const next = putCommit(transaction, {});
      const facts = { ref: headRef('main'), actor: 'a', reason: 'r' };
      transaction.updateRef({ ...facts, expected: null, next });
      expect(transaction.getRef(headRef('main'))?.commitId).toBe(next);
      const moved = putCommit(transaction, { parents: [next] });
      const again = transaction.updateRef({ ...facts, expected: next, next: moved });
      expect(again).toEqual({ applied: true, sequence: 2 });
    });
  });
});

describe('reading', () => {
  it('sees every transaction that ended before, of any opening [DML-STO-0141]', async () => {
    const second = await openFixture(fakeEnvironment(2), store.path);
    for (let round = 0; round < 20; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [store, second] : [second, store];
      expect(reader.get('chunk', idOf(`${round}`))).toBeUndefined();
      putText(writer, `${round}`);
      expect(reader.get('chunk', idOf(`${round}`))?.toString()).toBe(`${round}`);
      expect(reader.has('chunk', idOf(`${round}`))).toBe(true);
    }
  });

  it('holds no snapshot between two steps of an iteration [DML-STO-0142]', async () => {
    store.transact('fill', (transaction) => {
      for (let index = 0; index < 600; index += 1) {
        setRef(transaction, 'main', putCommit(transaction, { message: `${index}` }));
      }
    });
    const steps = store.listJournal();
    expect((await steps.next()).value).toMatchObject({ sequence: 1 });
    // What is committed between two steps shows up later in the same iteration.
    setRef(store, 'main', null);
    let last = 0;
    for await (const entry of steps) last = entry.sequence;
    expect(last).toBe(601);
  });
});
