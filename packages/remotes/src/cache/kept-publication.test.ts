import { generateKeyPairSync } from 'node:crypto';
import { hashBytes } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { HeldObjects, joinCache, outcomeOf, outcomesOf } from '../../test/outcomes.ts';
import { Killed, unanswered } from '../../test/watched-files.ts';
import { filePath } from '../format/file-path.ts';
import { ExecTrust, execSigner } from '../signatures/exec-signature.ts';
import { readSnapshot } from '../state/read-snapshot.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import type { OutcomeToPublish, PublishCounts } from './cache-publisher.ts';
import type { OutcomeChoice } from './cache-reader.ts';

type Member = ReturnType<typeof joinCache>;

const KEPT = { isOfKept: true };

function publishKept(
  { publisher, held }: Member,
  outcomes: readonly OutcomeToPublish[],
): Promise<PublishCounts> {
  return publisher.publish(outcomes, held, KEPT);
}

async function effective(memory: MemoryRemote, outcome: OutcomeToPublish): Promise<unknown> {
  return (await joinCache(memory).found([outcome]))[0];
}

function signing(): ReturnType<typeof execSigner> {
  const { privateKey } = generateKeyPairSync('ed25519');
  return execSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, 'test');
}

describe('publishing outcomes that were kept', () => {
  it('leaves what the cache has, unless it is a failure, broken or not trusted [DML-REM-1830]', async () => {
    const memory = new MemoryRemote();
    const ours = joinCache(memory);
    const [success, other] = ['one', 'two'].map((value) => outcomeOf(ours.held, 'a', { value })) as [
      OutcomeToPublish,
      OutcomeToPublish,
    ];
    const [failure, otherFailure] = ['no', 'never'].map((value) =>
      outcomeOf(ours.held, 'a', { value, status: 'error' }),
    ) as [OutcomeToPublish, OutcomeToPublish];
    const present = { published: 0, outranked: 1, refused: 0 };
    expect(await publishKept(ours, [failure])).toMatchObject({ published: 1 });
    for (const each of [failure, otherFailure])
      expect(await publishKept(ours, [each])).toMatchObject(present);
    expect(await publishKept(ours, [success])).toMatchObject({ published: 1 });
    for (const each of [success, other, failure])
      expect(await publishKept(ours, [each])).toMatchObject(present);
    expect(await effective(memory, success)).toBe(success.execId);
    // Whoever has just run it replaces it.
    expect(await ours.publish([other])).toMatchObject({ published: 1 });
    expect(await effective(memory, success)).toBe(other.execId);

    // Broken: the segment is gone, and a look-up has found that.
    const { groups } = (await readSnapshot(ours.files)).state;
    for (const { segments } of groups)
      for (const { file } of segments) memory.plant(filePath('segments', file), undefined);
    const theirs = joinCache(memory);
    const again = outcomeOf(theirs.held, 'a', { value: 'one' });
    expect(await theirs.found([again])).toEqual([undefined]);
    expect(await publishKept(theirs, [again])).toMatchObject({ published: 1 });
    expect(await effective(memory, again)).toBe(again.execId);

    // Not trusted: nobody has signed it.
    const signer = signing();
    const trust = new ExecTrust({ keys: [signer.signer], unsigned: false });
    const careful = joinCache(memory, { trust, sign: (execId) => signer.sign(execId) });
    const signed = outcomeOf(careful.held, 'a', { value: 'three' });
    expect(await publishKept(careful, [signed])).toMatchObject({ published: 1 });
    expect(await joinCache(memory, { trust }).found([signed])).toEqual([signed.execId]);
    expect(await publishKept(careful, [outcomeOf(careful.held, 'a', { value: 'four' })])).toMatchObject(
      present,
    );
  });

  it('of 1,000,000 outcomes takes fewer than 200 requests [DML-REM-1831]', async () => {
    // A hundredth of everything: outcomes, and the sizes that files are filled to.
    const count = 10_000;
    const progress: number[] = [];
    const ours = joinCache(new MemoryRemote(), {
      segmentBytes: 2 ** 26 / 100,
      batchBytes: 2 ** 28 / 100,
      onProgress: ({ bytes }) => progress.push(bytes),
    });
    const made = (at: number): OutcomeToPublish =>
      outcomeOf(ours.held, `input ${at}`, { value: `${at} ${'x'.repeat(300)}` });
    let most = 0;
    // They are made as they are asked for.
    const list = {
      length: count,
      slice: (from: number, to: number): OutcomeToPublish[] => {
        most = Math.max(most, to - from);
        return Array.from({ length: Math.min(to, count) - from }, (_, at) => made(from + at));
      },
    };
    const counts = await ours.publisher.publish(list, ours.held, KEPT);
    expect(counts).toMatchObject({ published: count, outranked: 0, refused: 0 });
    expect(counts.bytes / count).toBeGreaterThan(700);
    expect(ours.files.requests.length).toBeLessThan(200);
    expect(most).toBeLessThanOrEqual(count / 10);
    expect(progress.length).toBeGreaterThan(10);
    expect([...progress].sort((left, right) => left - right)).toEqual(progress);
    // Once more: nothing is put, and it costs no request for each.
    const before = ours.files.requests.length;
    expect(await ours.publisher.publish(list, ours.held, KEPT)).toMatchObject({
      published: 0,
      outranked: count,
    });
    expect(ours.files.requests.length - before).toBeLessThan(200);
    expect(ours.files.requests.slice(before).filter((request) => /^(?:put|swap)/.test(request))).toEqual([]);
  });

  it('leaves whole entries wherever it is cut, and goes on later [DML-REM-1832]', async () => {
    for (const phase of ['before', 'after'] as const)
      for (const failure of [unanswered(), new Killed()])
        for (let cut = 0, isOver = false; !isOver && cut < 200; cut += 1) {
          const memory = new MemoryRemote();
          const ours = joinCache(memory, {
            batchBytes: 2_000,
            segmentBytes: 2_000,
            onRequest: ({ number }, when) => {
              if (number === cut && when === phase) throw failure;
            },
          });
          const outcomes = outcomesOf(ours.held, 12);
          isOver = await publishKept(ours, outcomes).then(
            () => ours.files.requests.length <= cut,
            () => false,
          );
          const found = await joinCache(memory).lookUp(outcomes);
          for (const { objects } of found.values())
            for (const { id, bytes } of objects) expect(hashBytes(bytes)).toBe(id);
          // Every entry that there is is whole.
          const keys = joinCache(memory, { readsAllEntries: true });
          await keys.view.snapshot();
          expect(found.size).toBe(keys.view.keysByPlace().count);
          const again = joinCache(memory);
          const counts = await again.publisher.publish(outcomes, ours.held, KEPT);
          expect(counts).toMatchObject({ published: 12 - found.size, outranked: found.size, refused: 0 });
          expect(await joinCache(memory).found(outcomes)).toEqual(outcomes.map(({ execId }) => execId));
        }
  });

  it('puts input values of up to 64 KiB, for those who lack them [DML-REM-1835]', async () => {
    const held = new HeldObjects();
    const texts = ['s'.repeat(65_000), 'l'.repeat(66_000)];
    const outcomes = texts.map((text) => outcomeOf(held, text)) as [OutcomeToPublish, OutcomeToPublish];
    const functionId = held.put({ type: 'datum', kind: 'uri', value: 'dml+exec://suite/f' });
    const taken = async (kind: object, hasOwn: (id: string) => boolean): Promise<Map<string, string[]>> => {
      const memory = new MemoryRemote();
      await joinCache(memory).publisher.publish(outcomes, held, kind);
      const found = new Map<string, string[]>();
      const keys = outcomes.map(({ executionKey }) => executionKey);
      const choice: OutcomeChoice = { isWanted: () => true, hasOwn };
      for await (const part of joinCache(memory).reader.lookUp(keys, undefined, choice))
        for (const [key, { objects }] of part)
          found.set(
            key,
            objects.map(({ id }) => id),
          );
      return found;
    };
    const isFunction = (id: string): boolean => id === functionId;
    const [small] = outcomes;
    const found = await taken(KEPT, isFunction);
    expect([...found.keys()]).toEqual([small.executionKey]);
    expect(found.get(small.executionKey)).toContain(held.putText(texts[0] as string));
    expect((await taken({}, isFunction)).size).toBe(0);
    // Nobody takes one without its function, and who has the inputs takes both.
    expect((await taken(KEPT, () => false)).size).toBe(0);
    expect((await taken(KEPT, () => true)).size).toBe(2);
  });

  it('gives an entry of its own to what was put as a part of another [DML-REM-1840]', async () => {
    for (const kind of [KEPT, {}]) {
      const memory = new MemoryRemote();
      const ours = joinCache(memory);
      const inner = outcomeOf(ours.held, 'inner');
      const outer = outcomeOf(ours.held, 'outer', { made: [inner.execId] });
      for (const each of [outer, inner])
        expect(await ours.publisher.publish([each], ours.held, kind)).toMatchObject({ published: 1 });
      expect(await joinCache(memory).found([outer, inner])).toEqual([outer.execId, inner.execId]);
      // Together as well, and each exec once.
      const other = new MemoryRemote();
      const sharing = joinCache(other);
      const counts = await sharing.publisher.publish([outer, inner], ours.held, kind);
      expect(counts).toMatchObject({ published: 2, refused: 0 });
      const [group] = (await readSnapshot(other.open())).state.groups;
      expect(counts.objects).toBe(group?.entries);
      expect(await joinCache(other).found([outer, inner])).toEqual([outer.execId, inner.execId]);
    }
  });
});

describe('the keys of a cache', () => {
  it('come by place, each once, however its indexes are read [DML-REM-1838]', async () => {
    const memory = new MemoryRemote();
    const ours = joinCache(memory, { segmentBytes: 5_000 });
    const published: string[] = [];
    for (let at = 0; at < 5; at += 1) {
      const outcomes = outcomesOf(ours.held, 8, `batch ${at}`);
      published.push(...outcomes.map(({ executionKey }) => executionKey));
      await publishKept(ours, outcomes);
    }
    const [first] = outcomesOf(ours.held, 1, 'batch 0') as [OutcomeToPublish];
    await ours.publish([{ ...outcomeOf(ours.held, 'batch 0 0', { value: 'again' }), fencing: 3 }]);
    const theirs = joinCache(memory, { wholeBytes: 1, readsAllEntries: true });
    await theirs.view.snapshot();
    const keys = theirs.view.keysByPlace();
    expect(keys.count).toBe(published.length);
    const all = keys.slice(0, keys.count);
    expect([...all].sort()).toEqual([...published].sort());
    // The one that was replaced lies behind all others.
    expect(all.at(-1)).toBe(first.executionKey);
    expect([...keys.slice(0, 7), ...keys.slice(7, 100)]).toEqual(all);
    const rows = await theirs.view.entriesOf(all);
    const places = all.flatMap((key) =>
      (rows.get(key) ?? [])
        .slice(0, 1)
        .map(({ place }) => theirs.view.groups.segmentNumber(place.segment) * 2 ** 32 + place.offset),
    );
    expect(places).toHaveLength(keys.count);
    expect([...places].sort((left, right) => left - right)).toEqual(places);
  });
});
