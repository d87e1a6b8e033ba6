import { describe, expect, it } from 'vitest';
import { type CacheMember, HeldObjects, joinCache, outcomeOf, outcomesOf } from '../../test/outcomes.ts';
import { filePath } from '../format/file-path.ts';
import { IndexObject } from '../format/index-object.ts';
import { advance } from '../state/advance.ts';
import { readSnapshot } from '../state/read-snapshot.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import type { OutcomeToPublish } from './cache-publisher.ts';

function execIdsOf(outcomes: readonly OutcomeToPublish[]): string[] {
  return outcomes.map(({ execId }) => execId);
}

describe('a publication', () => {
  it('puts objects, then indexes, then the state that names them [DML-REM-1218]', async () => {
    const ours = joinCache(new MemoryRemote());
    await ours.publish(outcomesOf(ours.held, 5));
    const writes = ours.files.requests.filter((request) => /^(?:put|swap)/.test(request));
    expect(writes.map((write) => write.replace(/[0-9].*/, ''))).toEqual([
      'put segments/',
      'put indexes/',
      'put caches/',
      'put states/',
      'swap CURRENT.json',
    ]);
    const { state } = await readSnapshot(ours.files);
    expect(state).toMatchObject({
      groups: [{ kind: 'cache', entries: 5 * 6 + 1 }],
      caches: [{ entries: 5 }],
      reason: 'publish 5 outcomes',
    });
  });

  it('gives the number of its outcomes as the reason of the state [DML-REM-1935]', async () => {
    for (const [count, reason] of [
      [1, 'publish 1 outcome'],
      [2, 'publish 2 outcomes'],
    ] as const) {
      const ours = joinCache(new MemoryRemote());
      await ours.publish(outcomesOf(ours.held, count));
      expect((await readSnapshot(ours.files)).state.reason).toBe(reason);
    }
  });

  it('holds everything that its entries are made of, for a reader who has nothing [DML-REM-1218]', async () => {
    const memory = new MemoryRemote();
    const ours = joinCache(memory);
    // A function that returns its input: the outcome leaves out what another one needs.
    const same = outcomeOf(ours.held, 'same', { value: 'same' });
    const other = outcomeOf(ours.held, 'other', { value: 'same' });
    await ours.publish([same, other]);
    const [one] = [await joinCache(memory).lookUp([other])];
    const texts = one.get(other.executionKey)?.objects.map(({ id }) => id);
    expect(texts).toContain(ours.held.putText('same'));
    expect(await joinCache(memory).found([same, other])).toEqual(execIdsOf([same, other]));
  });

  it('leaves out an exec that was derived, is of something else or incomplete [DML-REM-1208]', async () => {
    const memory = new MemoryRemote();
    const ours = joinCache(memory);
    const [fine, wrong, torn] = outcomesOf(ours.held, 3) as [
      OutcomeToPublish,
      OutcomeToPublish,
      OutcomeToPublish,
    ];
    const derived = outcomeOf(ours.held, 'derived', { sourceExecId: fine.execId });
    ours.held.objects.delete(ours.held.putText('input 2 done'));
    const counts = await ours.publish([
      derived,
      fine,
      { ...wrong, execId: fine.execId },
      { ...wrong, status: 'error' },
      torn,
    ]);
    expect(counts).toMatchObject({ published: 1, refused: 4, outranked: 0 });
    expect(await joinCache(memory).found([derived, fine, wrong, torn])).toEqual([
      undefined,
      fine.execId,
      undefined,
      undefined,
    ]);
  });

  it('of 1,000,000 outcomes takes fewer than 200 requests [DML-REM-1219]', async () => {
    // A hundredth of everything: outcomes, and the sizes that files are filled to.
    const ours = joinCache(new MemoryRemote(), { segmentBytes: 2 ** 26 / 100, batchBytes: 2 ** 28 / 100 });
    const value = 'x'.repeat(300);
    const outcomes = Array.from({ length: 10_000 }, (_, at) =>
      outcomeOf(ours.held, `input ${at}`, { value: `${at} ${value}` }),
    );
    const counts = await ours.publish(outcomes);
    expect(counts.published).toBe(10_000);
    const bytes = [...ours.held.objects.values()].reduce((sum, each) => sum + each.length, 0);
    expect(bytes / 10_000).toBeGreaterThan(700);
    expect(ours.files.requests.length).toBeLessThan(200);
  });

  it('puts no object again that it has put or found there, unless that is broken [DML-REM-1220]', async () => {
    const memory = new MemoryRemote();
    const ours = joinCache(memory);
    const value = 'x'.repeat(100_000);
    const [first, second, third, fourth] = ['a', 'b', 'c', 'd'].map((input) =>
      outcomeOf(ours.held, input, { value }),
    ) as [OutcomeToPublish, OutcomeToPublish, OutcomeToPublish, OutcomeToPublish];
    expect((await ours.publish([first])).objects).toBe(7);
    // Exec, call node, and node and datum of the input.
    const own = 3;
    expect((await ours.publish([second])).objects).toBe(own);
    const theirs = joinCache(memory);
    expect((await theirs.publisher.publish([third], ours.held)).objects).toBe(own);
    const [group] = (await readSnapshot(ours.files)).state.groups;
    memory.plant(filePath('segments', group?.segments[0]?.file ?? ''), undefined);
    const later = joinCache(memory);
    expect(await later.found([first])).toEqual([undefined]);
    expect((await later.publisher.publish([fourth], ours.held)).objects).toBe(own + 4);
    expect(await joinCache(memory).found([fourth])).toEqual([fourth.execId]);
  });

  it('keeps a success and a newer claim, whoever published last [DML-REM-1212]', async () => {
    const memory = new MemoryRemote();
    const [ours, theirs] = [joinCache(memory), joinCache(memory)];
    const [failure, success] = [
      outcomeOf(ours.held, 'a', { status: 'error', value: 'no', fencing: 9 }),
      outcomeOf(ours.held, 'a', { value: 'yes', fencing: 2 }),
    ];
    const [older, newer] = [1, 3].map((fencing) =>
      outcomeOf(ours.held, 'a', { value: `number ${fencing}`, fencing }),
    ) as [OutcomeToPublish, OutcomeToPublish];
    const effective = async (): Promise<unknown> => (await joinCache(memory).found([success]))[0];
    expect(await ours.publish([failure])).toMatchObject({ published: 1 });
    expect(await effective()).toBe(failure.execId);
    await ours.publish([success]);
    expect(await effective()).toBe(success.execId);
    for (const loser of [failure, older, success])
      expect(await ours.publish([loser])).toMatchObject({ published: 0, outranked: 1 });
    expect(await effective()).toBe(success.execId);
    await ours.publish([newer]);
    expect(await effective()).toBe(newer.execId);
    // Somebody who has not seen that publishes in between: it is decided by who reads.
    const stale = outcomeOf(ours.held, 'a', { value: 'stale', fencing: 2 });
    theirs.view.entriesOf = async () => new Map();
    expect(await theirs.publisher.publish([stale], ours.held)).toMatchObject({ published: 1 });
    expect(await effective()).toBe(newer.execId);
  });

  it('merges, so that a state lists few groups and indexes, and no entry is lost [DML-REM-1213]', async () => {
    const memory = new MemoryRemote();
    const segmentBytes = 60_000;
    const ours = joinCache(memory, { segmentBytes });
    const all: OutcomeToPublish[] = [];
    let most = 0;
    for (let at = 0; at < 150; at += 1) {
      const outcomes = outcomesOf(ours.held, 5, `batch ${at}`);
      all.push(...outcomes);
      await ours.publish(outcomes);
      const { groups, caches } = (await readSnapshot(memory.open())).state;
      const small = groups.filter(({ segments }) => (segments[0]?.bytes ?? 0) < segmentBytes / 3);
      most = Math.max(most, small.length, caches.length);
    }
    expect(most).toBeLessThanOrEqual(16);
    const theirs = joinCache(memory);
    expect(await theirs.found(all)).toEqual(execIdsOf(all));
    // Entries say where outcomes lie: no index object is needed.
    expect(theirs.files.requests.filter((request) => request.startsWith('read indexes'))).toEqual([]);
  });

  it('have merged in vain only where that is not listed any more [DML-REM-1137]', async () => {
    for (const isGone of [false, true]) {
      const memory = new MemoryRemote();
      const theirs = joinCache(memory);
      const all: OutcomeToPublish[] = [];
      const publishNext = async (member: CacheMember): Promise<void> => {
        const outcomes = outcomesOf(member.held, 2, `batch ${all.length}`);
        all.push(...outcomes);
        await member.publish(outcomes);
      };
      for (let at = 0; at < 3; at += 1) await publishNext(theirs);
      let isFirst = true;
      const ours = joinCache(memory, {
        onRequest: async ({ operation }, phase) => {
          if (operation !== 'swap' || phase !== 'before' || !isFirst) return;
          isFirst = false;
          // Somebody who has seen nothing of it adds one, or merges the same.
          await publishNext(isGone ? theirs : joinCache(memory, { segmentBytes: 1 }));
        },
      });
      await publishNext(ours);
      const puts = (folder: string): number =>
        ours.files.requests.filter((request) => request.startsWith(`put ${folder}`)).length;
      const { groups, caches } = (await readSnapshot(memory.open())).state;
      // One of its own and one of the merge; where that is of no use, the cache index of its own.
      expect([puts('segments'), puts('caches')]).toEqual([2, isGone ? 2 : 1]);
      expect([groups.length, caches.length]).toEqual([2, 2]);
      expect(await joinCache(memory).found(all)).toEqual(execIdsOf(all));
    }
  });

  it('merges read by ranges as well, and with ranks [DML-REM-1213]', async () => {
    const memory = new MemoryRemote();
    const ours = joinCache(memory, { segmentBytes: 20_000, wholeBytes: 3_000 });
    const ranked = outcomeOf(ours.held, 'ranked', { fencing: 7 });
    await ours.publish([ranked, ...outcomesOf(ours.held, 30, 'first')]);
    for (let at = 0; at < 40; at += 1) await ours.publish(outcomesOf(ours.held, 30, `batch ${at}`));
    const { caches } = (await readSnapshot(memory.open())).state;
    expect(caches.length).toBeLessThanOrEqual(12);
    expect(await joinCache(memory, { wholeBytes: 3_000 }).found([ranked])).toEqual([ranked.execId]);
    const weaker = outcomeOf(ours.held, 'ranked', { fencing: 6, value: 'weaker' });
    expect(
      await joinCache(memory, { wholeBytes: 3_000 }).publisher.publish([weaker], ours.held),
    ).toMatchObject({
      outranked: 1,
    });
  });

  it.each([
    ['a success', 'ok', 'ok'],
    ['a failure', 'error', 'error'],
    ['a failure, by a success', 'error', 'ok'],
    ['a success, by a failure', 'ok', 'error'],
  ] as const)(
    'of an outcome that was found broken takes the place of the broken one: %s [DML-REM-1224]',
    async (_, before, status) => {
      for (const fencing of [undefined, 4, 9]) {
        const memory = new MemoryRemote();
        const ours = joinCache(memory);
        const broken = outcomeOf(ours.held, 'a', { fencing: 8, status: before });
        await ours.publish([broken]);
        const [group] = (await readSnapshot(ours.files)).state.groups;
        memory.plant(filePath('segments', group?.segments[0]?.file ?? ''), undefined);
        const theirs = joinCache(memory);
        expect(await theirs.found([broken])).toEqual([undefined]);
        const rebuilt = outcomeOf(theirs.held, 'a', {
          status,
          startedMs: 2,
          ...(fencing !== undefined && { fencing }),
        });
        expect(await theirs.publish([rebuilt])).toMatchObject({ published: 1 });
        expect(await joinCache(memory).found([rebuilt])).toEqual([rebuilt.execId]);
        for (let at = 0; at < 4; at += 1) await theirs.publish(outcomesOf(theirs.held, 3, `batch ${at}`));
        expect(await joinCache(memory).found([rebuilt])).toEqual([rebuilt.execId]);
      }
    },
  );

  it('loses nothing to others who publish at the same time', async () => {
    const memory = new MemoryRemote();
    const members = Array.from({ length: 6 }, () => joinCache(memory));
    const all = members.map(({ held }, at) => outcomesOf(held, 4, `member ${at}`));
    await Promise.all(members.map((member, at) => member.publish(all[at] ?? [])));
    expect(await joinCache(memory).found(all.flat())).toEqual(execIdsOf(all.flat()));
  });

  it('that meets a later epoch puts its files under names of that epoch [DML-REM-1222]', async () => {
    const memory = new MemoryRemote();
    let isCollected = false;
    const ours = joinCache(memory, {
      onRequest: async ({ operation }, phase) => {
        if (isCollected || phase === 'after' || operation !== 'swap') return;
        isCollected = true;
        await advance(other.remote, async ({ state }) => ({ reason: 'collection', epoch: state.epoch + 1 }));
        for (const path of memory.paths.filter((each) => /^(?:segments|indexes|caches)\/0-/.test(each)))
          memory.plant(path, undefined);
      },
    });
    const other = joinCache(memory);
    const outcomes = outcomesOf(ours.held, 10);
    expect(await ours.publish(outcomes)).toMatchObject({ published: 10, objects: 61 });
    expect(isCollected).toBe(true);
    expect(await joinCache(memory).found(outcomes)).toEqual(execIdsOf(outcomes));
    const { state } = await readSnapshot(memory.open());
    expect([...state.groups.map(({ index }) => index), ...state.caches.map(({ file }) => file)]).toEqual([
      expect.stringMatching(/^1-/),
      expect.stringMatching(/^1-/),
    ]);
  });

  it('goes on where a group to be merged is damaged', async () => {
    const memory = new MemoryRemote();
    const ours = joinCache(memory);
    for (let at = 0; at < 3; at += 1) await ours.publish(outcomesOf(ours.held, 2, `batch ${at}`));
    const [group] = (await readSnapshot(ours.files)).state.groups;
    memory.plant(filePath('segments', group?.segments[0]?.file ?? ''), Buffer.from('torn'));
    const last = outcomesOf(ours.held, 2, 'last');
    expect(await ours.publish(last)).toMatchObject({ published: 2 });
    // They share an object with what is damaged: who finds that puts all of it.
    const theirs = joinCache(memory);
    expect(await theirs.found(last)).toEqual([undefined, undefined]);
    expect(await theirs.publisher.publish(last, ours.held)).toMatchObject({ published: 2 });
    expect(await joinCache(memory).found(last)).toEqual(execIdsOf(last));
  });

  it('leaves nothing behind that it takes for put where it fails', async () => {
    const memory = new MemoryRemote();
    let isFailing = true;
    const ours = joinCache(memory, {
      onRequest: ({ operation, path }) => {
        if (isFailing && operation === 'put' && path.startsWith('states')) throw new Error('no network');
      },
    });
    const outcomes = outcomesOf(ours.held, 3);
    await expect(ours.publish(outcomes)).rejects.toThrow('no network');
    isFailing = false;
    expect(await ours.publish(outcomes)).toMatchObject({ published: 3, objects: 19 });
    expect(await joinCache(memory).found(outcomes)).toEqual(execIdsOf(outcomes));
  });

  it('has groups whose index objects name every record', async () => {
    const memory = new MemoryRemote();
    const ours = joinCache(memory);
    const outcomes = outcomesOf(ours.held, 3);
    await ours.publish(outcomes);
    const [group] = (await readSnapshot(ours.files)).state.groups;
    const path = filePath('indexes', group?.index ?? '');
    const index = IndexObject.parse((await ours.files.read(path)) as Uint8Array, { remote: 'm', path });
    for (const { execId } of outcomes) expect(index.find('exec', execId)).toBeDefined();
    expect(new HeldObjects().objects.size).toBe(0);
  });
});
