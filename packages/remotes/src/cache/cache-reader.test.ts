import { type ExecId, type ExecutionKey, encodeRecord, hashBytes, sha256Hex } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { type CacheMember, HeldObjects, joinCache, outcomeOf, outcomesOf } from '../../test/outcomes.ts';
import { remoteError } from '../errors.ts';
import { absenceKey, encodeAbsences } from '../format/absences.ts';
import type { CacheRow } from '../format/cache-row.ts';
import { CacheRows } from '../format/cache-rows.ts';
import { filePath } from '../format/file-path.ts';
import { rewriteGroups } from '../levels/merge-groups.ts';
import { advance } from '../state/advance.ts';
import { readSnapshot } from '../state/read-snapshot.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import type { OutcomeToPublish } from './cache-publisher.ts';
import type { CachedOutcome } from './cache-reader.ts';
import { putCache } from './merge-caches.ts';

/** A remote with outcomes, and somebody who has nothing. */
async function published(
  count: number,
  options: Parameters<typeof joinCache>[1] = {},
): Promise<{ memory: MemoryRemote; ours: CacheMember; theirs: CacheMember; outcomes: OutcomeToPublish[] }> {
  const memory = new MemoryRemote();
  const ours = joinCache(memory);
  const outcomes = outcomesOf(ours.held, count);
  await ours.publish(outcomes);
  return { memory, ours, theirs: joinCache(memory, options), outcomes };
}

function pathsOf(memory: MemoryRemote, folder: string): string[] {
  return memory.paths.filter((path) => path.startsWith(`${folder}/`));
}

function execIdsOf(outcomes: readonly OutcomeToPublish[]): string[] {
  return outcomes.map(({ execId }) => execId);
}

/** Checks that an outcome came with all that it is made of, given what its asker has. */
function expectWhole(outcome: CachedOutcome | undefined, held: HeldObjects): void {
  const sent = new Set<string>(outcome?.objects.map(({ id }) => id));
  for (const { bytes, id } of outcome?.objects ?? []) {
    expect(hashBytes(bytes)).toBe(id);
    expect(Buffer.compare(held.objects.get(id) ?? Buffer.alloc(0), bytes)).toBe(0);
  }
  // Exec, call node, literal nodes of input and result, dag, value and receipt.
  expect(sent.size).toBe(7);
}

describe('a look-up', () => {
  it('answers with execs and all that they are made of, each object once', async () => {
    const { ours, theirs, outcomes } = await published(20);
    const found = await theirs.lookUp(outcomes);
    expect([...found.values()].map(({ execId }) => execId).sort()).toEqual(execIdsOf(outcomes).sort());
    const sent = [...found.values()].flatMap(({ objects }) => objects.map(({ id }) => id));
    expect(new Set(sent).size).toBe(sent.length);
    // The receipt is the same one for all.
    expect(sent).toHaveLength(20 * 6 + 1);
    for (const outcome of outcomes)
      expectWhole((await theirs.lookUp([outcome])).get(outcome.executionKey), ours.held);
  });

  it('reads nothing that is here', async () => {
    const memory = new MemoryRemote();
    const ours = joinCache(memory);
    const value = 'x'.repeat(500_000);
    const first = outcomeOf(ours.held, 'first', { value });
    const second = outcomeOf(ours.held, 'second', { value });
    await ours.publish([first]);
    await ours.publish([second]);
    const theirs = joinCache(memory);
    const valueId = ours.held.putText(value);
    const sent: string[] = [];
    for await (const part of theirs.reader.lookUp([second.executionKey], ({ id }) => id === valueId))
      for (const { objects } of part.values()) sent.push(...objects.map(({ id }) => id));
    expect(sent).toHaveLength(6);
    expect(sent).not.toContain(valueId);
    const all = [...(await theirs.lookUp([second])).values()].flatMap(({ objects }) => objects);
    expect(all.map(({ id }) => id)).toContain(valueId);
  });

  it('takes no outcome of which a byte is wrong, and all the others [DML-REM-1204]', async () => {
    const { memory, ours, outcomes } = await published(3);
    const [path = ''] = pathsOf(memory, 'segments');
    const whole = (await ours.files.read(path)) as Uint8Array;
    let misses = 0;
    for (let at = 18; at < whole.length; at += 7) {
      const torn = Uint8Array.from(whole);
      torn[at] = (torn[at] as number) ^ 1;
      memory.plant(path, torn);
      const found = await joinCache(memory).lookUp(outcomes);
      for (const { objects } of found.values())
        for (const { id, bytes } of objects) expect(hashBytes(bytes)).toBe(id);
      misses += outcomes.length - found.size;
    }
    expect(misses).toBeGreaterThan(whole.length / 14);
  });

  it('misses an entry of which any object is missing [DML-REM-1205]', async () => {
    const { memory, ours, theirs, outcomes } = await published(4);
    const { state } = await readSnapshot(ours.files);
    const [group] = state.groups as [(typeof state.groups)[0]];
    const found = await joinCache(memory).lookUp(outcomes.slice(0, 1));
    const parts = found.values().next().value?.objects ?? [];
    expect(parts).toHaveLength(7);
    for (const { class: objectClass, id } of parts) {
      const rewritten = await rewriteGroups(ours.remote, [group], {
        epoch: 0,
        kind: 'cache',
        segmentBytes: 2 ** 20,
        isKept: (row) => row.id !== id || row.class !== objectClass,
      });
      await advance(ours.remote, async () => ({ reason: 'test', groups: [rewritten as typeof group] }));
      const left = await joinCache(memory).found(outcomes);
      expect([objectClass, left[0]]).toEqual([objectClass, undefined]);
      const isShared = objectClass === 'datum' && left[1] === undefined;
      expect(left.slice(1)).toEqual(
        isShared ? [undefined, undefined, undefined] : execIdsOf(outcomes).slice(1),
      );
    }
    // All of it is gone.
    memory.plant(filePath('segments', group.segments[0]?.file ?? ''), undefined);
    await advance(ours.remote, async () => ({ reason: 'test', groups: [group] }));
    expect(await theirs.found(outcomes)).toEqual(outcomes.map(() => undefined));
  });

  it('misses an entry whose exec has another execution key or another status [DML-REM-1206]', async () => {
    const { ours, theirs, outcomes } = await published(3);
    const [index] = (await readSnapshot(ours.files)).state.caches.map(({ file }) => ours.view.indexOf(file));
    const rows = outcomes.map(
      ({ executionKey }) => index?.row(index.find(executionKey)?.from ?? 0) as CacheRow,
    );
    const forged = new CacheRows();
    const [first, second, third] = rows as [CacheRow, CacheRow, CacheRow];
    forged.add({ ...first, execId: second.execId, place: second.place });
    forged.add({ ...second, execId: third.execId });
    forged.add({ ...third, status: 'error' });
    const { entry } = await putCache(ours.remote, forged, 0);
    await advance(ours.remote, async () => ({ reason: 'test', caches: [entry] }));
    expect(await theirs.found(outcomes)).toEqual([undefined, undefined, undefined]);
  });

  it('takes no request for keys that are not there [DML-REM-1214]', async () => {
    for (const wholeBytes of [undefined, 0]) {
      const { theirs } = await published(200, { wholeBytes });
      const absent = outcomesOf(new HeldObjects(), 5_000, 'absent');
      await theirs.lookUp(absent);
      theirs.files.requests.length = 0;
      for (let asked = 0; asked < 5; asked += 1) expect((await theirs.lookUp(absent)).size).toBe(0);
      expect(theirs.files.requests).toEqual([]);
    }
  });

  it('reads the state once in two seconds, by one request where it has not changed [DML-REM-1215]', async () => {
    const { ours, theirs, outcomes } = await published(2);
    await theirs.lookUp(outcomes);
    const absent = outcomesOf(new HeldObjects(), 3, 'absent');
    theirs.files.requests.length = 0;
    const sleep = (ms: number): Promise<void> => theirs.remote.clock.sleep(ms);
    await Promise.all([theirs.lookUp(absent), theirs.lookUp(absent)]);
    await sleep(1_900);
    await theirs.lookUp(absent);
    expect(theirs.files.requests).toEqual([]);
    await sleep(200);
    await Promise.all([theirs.lookUp(absent), theirs.lookUp(absent), theirs.lookUp(absent)]);
    expect(theirs.files.requests).toEqual(['readVersion CURRENT.json']);
    await ours.publish(outcomesOf(ours.held, 1, 'absent'));
    await sleep(2_000);
    expect((await theirs.lookUp(absent)).size).toBe(1);
  });

  it('reads the state less often while others replace it often [DML-REM-1135]', async () => {
    const memory = new MemoryRemote();
    const [ours, theirs] = [joinCache(memory), joinCache(memory)];
    const absent = outcomesOf(new HeldObjects(), 1, 'absent');
    await theirs.lookUp(absent);
    let states = 0;
    /** Time until the state is read again, while so many are put each second. */
    const pauseWith = async (count: number): Promise<number> => {
      theirs.files.requests.length = 0;
      for (let seconds = 1; ; seconds += 1) {
        for (let at = 0; at < count; at += 1) {
          states += 1;
          await ours.publish(outcomesOf(ours.held, 1, `state ${states}`));
        }
        await theirs.remote.clock.sleep(1_000);
        await theirs.lookUp(absent);
        if (theirs.files.requests.includes('readVersion CURRENT.json')) return seconds;
      }
    };
    const often = [];
    for (let at = 0; at < 5; at += 1) often.push(await pauseWith(2));
    expect(often).toEqual([2, 4, 8, 16, 16]);
    const seldom = [];
    for (let at = 0; at < 5; at += 1) seldom.push(await pauseWith(0));
    expect(seldom).toEqual([16, 8, 4, 2, 2]);
  });

  it('reads a large cache index by ranges [DML-REM-1216]', async () => {
    const { memory, outcomes } = await published(3_000);
    const ranges: (readonly [string, number, number])[] = [];
    const theirs = joinCache(memory, { wholeBytes: 20_000 });
    const { read } = theirs.files;
    theirs.files.read = (path, range) => {
      ranges.push([path.slice(0, path.indexOf('/')), range?.offset ?? 0, range?.length ?? 0]);
      return read(path, range);
    };
    const wanted = [3, 4, 1_500].map((at) => outcomes[at] as OutcomeToPublish);
    expect(await theirs.found(wanted)).toEqual(execIdsOf(wanted));
    const caches = ranges.filter(([folder]) => folder === 'caches');
    // The head with the prefixes, then the rows; what lies near is read together.
    expect(caches[0]?.slice(1)).toEqual([0, 24 + 1_024 + 4 * 3_000 + 65_536]);
    expect(caches.length).toBeLessThanOrEqual(4);
    for (const [, offset, length] of caches.slice(1)) {
      expect(offset).toBeGreaterThanOrEqual(24 + 114 + 1_024 + 4 * 3_000);
      expect((offset - (24 + 114 + 1_024 + 4 * 3_000)) % 85).toBe(0);
      expect(length % 85).toBe(0);
    }
  });

  it.each([
    ['of 4 MiB whole', 47_064],
    ['of more than 4 MiB by ranges', 47_065],
  ])('reads a cache index %s [DML-REM-1216]', async (_, count) => {
    const memory = new MemoryRemote();
    const ours = joinCache(memory);
    const rows = new CacheRows();
    const keyOf = (at: number): ExecutionKey => sha256Hex(Buffer.from(`key ${at}`)) as ExecutionKey;
    const digits = 'ab'.repeat(32);
    for (let at = 0; at < count; at += 1) {
      // With so many names the size comes out even.
      const place = {
        segment: `0-${digits}-${(at % 40).toString(16).padStart(32, '0')}`,
        offset: 1,
        length: 1,
        before: 0,
      };
      rows.add({ executionKey: keyOf(at), execId: digits as ExecId, status: 'ok', fencing: at, place });
    }
    const { entry } = await putCache(ours.remote, rows, 0);
    await advance(ours.remote, async () => ({ reason: 'test', caches: [entry] }));
    const headBytes = 24 + 40 * 114 + 1_024 + 4 * count;
    expect(entry.bytes).toBe(headBytes + 85 * count);
    const isWhole = entry.bytes === 4 * 2 ** 20;
    expect(isWhole).toBe(count === 47_064);
    const theirs = joinCache(memory);
    const ranges: { readonly offset: number; readonly length: number }[] = [];
    const { read } = theirs.files;
    theirs.files.read = (path, range) => {
      if (path.startsWith('caches/')) ranges.push(range ?? { offset: 0, length: Number.POSITIVE_INFINITY });
      return read(path, range);
    };
    await theirs.view.snapshot();
    expect(ranges).toHaveLength(1);
    expect(ranges[0]).toEqual({ offset: 0, length: isWhole ? entry.bytes : expect.any(Number) });
    expect(ranges[0]?.length).toBeLessThanOrEqual(isWhole ? entry.bytes : headBytes + 65_536);
    const found = await theirs.view.entriesOf([keyOf(0), keyOf(1_000), keyOf(-1)]);
    expect([...found].map(([key, [row]]) => [key, row?.fencing])).toEqual(
      expect.arrayContaining([
        [keyOf(0), 0],
        [keyOf(1_000), 1_000],
      ]),
    );
    expect(found.size).toBe(2);
    const rest = ranges.slice(1);
    if (isWhole) expect(rest).toEqual([]);
    else expect(rest.length).toBeGreaterThan(0);
    for (const { offset } of rest) expect(offset).toBeGreaterThanOrEqual(headBytes);
  });

  it('finds by a large index object what lies far from its exec', async () => {
    const memory = new MemoryRemote();
    const ours = joinCache(memory);
    const value = 'x'.repeat(700_000);
    const outcomes = [outcomeOf(ours.held, 'first', { value }), ...outcomesOf(ours.held, 400)];
    const last = outcomeOf(ours.held, 'last', { value });
    await ours.publish([...outcomes, last]);
    const theirs = joinCache(memory, { wholeBytes: 1_000 });
    expectWhole((await theirs.lookUp([last])).get(last.executionKey), ours.held);
    expect(theirs.files.requests.filter((request) => request.startsWith('read indexes')).length).toBeLessThan(
      12,
    );
    const all = joinCache(memory, { wholeBytes: 1_000 });
    expect(await all.found([...outcomes, last])).toEqual(execIdsOf([...outcomes, last]));
  });

  it('of 10,000 keys that are all there takes at most 30 requests [DML-REM-1217]', async () => {
    const memory = new MemoryRemote();
    const ours = joinCache(memory);
    const all: OutcomeToPublish[] = [];
    for (const [at, count] of [4_000, 1_000, 3_000, 500, 900, 100, 499, 1].entries()) {
      const outcomes = outcomesOf(ours.held, count, `batch ${at}`);
      all.push(...outcomes);
      await ours.publish(outcomes);
    }
    const theirs = joinCache(memory);
    expect(await theirs.found(all)).toEqual(execIdsOf(all));
    expect(all).toHaveLength(10_000);
    expect(theirs.files.requests.length).toBeLessThanOrEqual(30);
  });

  it('looks at CURRENT again where a collection deletes files meanwhile [DML-REM-1222]', async () => {
    for (const folder of ['caches', 'segments', 'indexes']) {
      const { memory, ours, outcomes } = await published(5);
      for (let at = 0; at < 2; at += 1) await ours.publish(outcomesOf(ours.held, 2, `other ${at}`));
      let isCollected = false;
      const theirs = joinCache(memory, {
        wholeBytes: folder === 'caches' ? 0 : undefined,
        onRequest: async ({ operation, path }, phase) => {
          if (isCollected || phase === 'after' || operation !== 'read' || !path.startsWith(folder)) return;
          isCollected = true;
          await ours.publish(outcomesOf(ours.held, 2, 'merging'));
          const { state } = await readSnapshot(memory.open());
          const named = JSON.stringify(state);
          for (const each of memory.paths.filter((other) => /^(?:segments|indexes|caches)/.test(other)))
            if (!named.includes(each.replace(/^.*\/|\..*$/g, ''))) memory.plant(each, undefined);
        },
      });
      if (folder === 'indexes') {
        // Hints that lead nowhere, so that index objects are read.
        theirs.view.groups.hasSegment = () => false;
        await theirs.view.snapshot();
        theirs.view.groups.hasSegment = () => false;
      }
      expect(await theirs.found(outcomes)).toEqual(execIdsOf(outcomes));
      expect([folder, isCollected]).toEqual([folder, true]);
    }
  });

  it('is an error where the remote refuses or cannot be reached, and never a miss [DML-REM-1223]', async () => {
    for (const code of ['remote_refused', 'remote_unreachable'] as const)
      for (const failing of ['readVersion CURRENT', 'read states', 'read caches', 'read segments']) {
        const { theirs, outcomes } = await published(1, {
          onRequest: ({ operation, path }) => {
            if (`${operation} ${path}`.startsWith(failing))
              throw remoteError(code, { remote: 'm', operation });
          },
        });
        await expect(theirs.lookUp(outcomes)).rejects.toMatchObject({ code });
      }
  });

  it('misses an outcome of which the remote has a tombstone for a part [DML-REM-1226]', async () => {
    const { ours, theirs, outcomes } = await published(3);
    const value = encodeRecord({ type: 'datum', kind: 'string', value: 'input 1 done' });
    const tombstone = {
      type: 'tombstone',
      objectClass: 'datum',
      objectId: hashBytes(value),
      reason: 'personal-data',
      message: 'asked to forget',
      actor: 'ada',
      timeMs: 1,
    } as never;
    const bytes = encodeAbsences(
      new Map([
        [absenceKey('datum', hashBytes(value)), { record: tombstone, bytes: encodeRecord(tombstone) }],
      ]),
    );
    const file = `0-${hashBytes(bytes)}-${'0'.repeat(32)}`;
    await ours.files.put(filePath('absences', file), bytes);
    await advance(ours.remote, async () => ({ reason: 'test', absences: file }));
    const [first, , third] = outcomes as [OutcomeToPublish, OutcomeToPublish, OutcomeToPublish];
    expect(await theirs.found(outcomes)).toEqual([first.execId, undefined, third.execId]);
    await ours.later();
    const counts = await ours.publish([outcomeOf(ours.held, 'other', { value: 'input 1 done' })]);
    expect(counts).toMatchObject({ published: 0, refused: 1 });
  });

  it('holds the records of 32 MiB at a time [DML-REM-1227]', async () => {
    const memory = new MemoryRemote();
    const ours = joinCache(memory);
    const outcomes = Array.from({ length: 100 }, (_, at) =>
      outcomeOf(ours.held, `input ${at}`, { value: `${at} `.padEnd(700_000, 'x') }),
    );
    await ours.publish(outcomes);
    const sizes: number[] = [];
    const theirs = joinCache(memory);
    for await (const part of theirs.reader.lookUp(outcomes.map(({ executionKey }) => executionKey)))
      sizes.push(
        [...part.values()]
          .flatMap(({ objects }) => objects)
          .reduce((sum, { bytes }) => sum + bytes.length, 0),
      );
    expect(sizes.length).toBe(3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(32 * 2 ** 20);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(70_000_000);
  });

  it('is as without it where a cache index is lost or damaged, and the next publication drops it [DML-REM-1228]', async () => {
    for (const damage of ['lost', 'damaged'] as const) {
      const { memory, ours, outcomes } = await published(3);
      const later = outcomesOf(ours.held, 3, 'later');
      const [path = ''] = pathsOf(memory, 'caches');
      await ours.publish(later);
      const bytes = Buffer.from((await ours.files.read(path)) as Uint8Array);
      bytes[bytes.length - 1] = 255;
      memory.plant(path, damage === 'lost' ? undefined : bytes);
      const theirs = joinCache(memory);
      expect(await theirs.found([...outcomes, ...later])).toEqual([
        ...outcomes.map(() => undefined),
        ...execIdsOf(later),
      ]);
      expect(await theirs.publisher.publish(outcomes, ours.held)).toMatchObject({ published: 3 });
      const { caches } = (await readSnapshot(theirs.files)).state;
      expect(caches.map(({ file }) => filePath('caches', file))).not.toContain(path);
      expect(await joinCache(memory).found([...outcomes, ...later])).toEqual(
        execIdsOf([...outcomes, ...later]),
      );
    }
  });
});
