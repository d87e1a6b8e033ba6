import { encodeRecord, hashBytes } from '@daggerml/object-model';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { EXCISED, EXCISION_FACTS, excise } from '../../test/excise.ts';
import { fakeEnvironment, openFixture, setRef } from '../../test/fixture-store.ts';
import { brokenClosures, closureOf } from '../../test/gc/closure.ts';
import { putCommit, putText, textBytes } from '../../test/records.ts';
import { beforeTransaction } from '../../test/rows.ts';
import {
  BY,
  commitTo,
  exported,
  failureOf,
  imported,
  MAIN,
  StreamObjects,
  sectionsOf,
  sourceStore,
  streamOf,
  streamTo,
} from '../../test/streams.ts';
import { readKeys, readRow, refreshSnapshot } from '../engine/reading.ts';
import { headRef, tagRef } from '../refs/ref-name.ts';
import type { Store } from '../store.ts';
import { objectKey, parseObjectKey } from '../tables/keyspace.ts';
import { verifyStore } from '../verify/verify-store.ts';
import { encodeHeader, encodeVarint } from './car-frame.ts';
import { importCar } from './import.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

let target: Store;

beforeEach(async () => {
  target = await openFixture();
});

describe('importCar', () => {
  it('refuses a section whose bytes are not those of its CID [DML-STO-1012]', async () => {
    const { store } = await sourceStore();
    const bytes = await exported(store);
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    expect(await failureOf(imported(target, bytes))).toBe('transfer_invalid/cid_mismatch');
    expect(target.readRefs()).toEqual([]);
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    expect(await failureOf(imported(target, bytes))).toBe('none');
  });

  it('refuses a section that is no valid record [DML-STO-1014]', async () => {
    const { store, commitId } = await sourceStore();
    const meta = encodeRecord({ type: 'meta', key: 'k', value: 1 });
    const ref = encodeRecord({ type: 'ref', name: MAIN, commitId, sequence: 1 });
    for (const [section, detail] of [
      [Buffer.from('no record'), 'record_invalid'],
      [meta, 'record_unexpected'],
      [ref, 'record_unexpected'],
    ] as const)
      expect(await failureOf(imported(target, streamTo(commitId, [section])))).toBe(
        `transfer_invalid/${detail}`,
      );
    expect(await failureOf(imported(target, await exported(store)))).toBe('none');
  });

  it('refuses a stream that does not lead with what its roots name [DML-STO-1032]', async () => {
    const { commitId } = await sourceStore();
    const ref = {
      codec: 0x71,
      bytes: encodeRecord({ type: 'ref', name: MAIN, commitId, sequence: 1 }),
    } as const;
    const text = { codec: 0x71, bytes: encodeRecord({ type: 'datum', kind: 'string', value: 'x' }) } as const;
    expect(await failureOf(imported(target, streamOf(1, [text])))).toBe('transfer_invalid/roots_form');
    const header = encodeHeader([{ codec: 0x71, id: hashBytes(ref.bytes) }]);
    const missing = Buffer.concat([encodeVarint(header.length), header]);
    expect(await failureOf(imported(target, missing))).toBe('transfer_invalid/roots_form');
  });

  it('ends with a result or a DmlError and whole refs, whatever the stream holds [DML-STO-1015]', async () => {
    const source = await openFixture();
    commitTo(source, { text: 'small', parents: [commitTo(source, { text: 'smaller' })] });
    const stream = await exported(source);
    expect(await failureOf(imported(await openFixture(), stream))).toBe('none');
    const change = fc.record({ at: fc.nat(stream.length - 1), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(stream.length), { nil: undefined }),
        async (changes, length) => {
          const bytes = Buffer.from(stream.subarray(0, length));
          for (const { at, byte } of changes) if (at < bytes.length) bytes[at] = byte;
          // Empty, so that what a broken stream lacks is nowhere else.
          const target = await openFixture();
          expect(await failureOf(imported(target, bytes, { force: true }))).not.toMatch(/^not/);
          expect(brokenClosures(target)).toEqual([]);
          await target.close();
        },
      ),
      { numRuns: 300 },
    );
  });

  it('moves no ref before everything it reaches is there [DML-STO-1021]', async () => {
    const { store, commitId } = await sourceStore();
    const bytes = await exported(store);
    const environment = fakeEnvironment();
    const target = await openFixture(environment);
    const reached = closureOf(store, commitId);
    let checked = 0;
    environment.failpoint = (name) => {
      if (name !== 'ref/before-row') return;
      checked += 1;
      const keys = readKeys(target.engine, 'objects').map((key) => parseObjectKey(key)!);
      const present = new Set(keys.map((key) => `${key.class}/${key.id}`));
      expect([...reached].filter((object) => !present.has(object))).toEqual([]);
    };
    await imported(target, bytes);
    expect(checked).toBe(1);
  });

  it('moves all refs or, when one has moved since, none [DML-STO-1022]', async () => {
    const { store, commitId } = await sourceStore();
    setRef(store, 'other', commitId);
    const bytes = await exported(store, [MAIN, headRef('other')]);
    const mine = commitTo(target, { text: 'mine' }, headRef('mine'));
    const racing = beforeTransaction(target, 'import/refs', () => setRef(target, 'other', mine));
    expect(await importCar(racing, [bytes], BY)).toMatchObject({
      state: 'refused',
      refs: [{ ref: 'refs/heads/other', before: mine, reason: 'moved' }],
    });
    expect(target.getRef(MAIN)).toBeUndefined();
    expect(target.getRef(headRef('other'))?.commitId).toBe(mine);
  });

  it('changes no object that is present when it imports again [DML-STO-1023]', async () => {
    const { store } = await sourceStore();
    const bytes = await exported(store);
    const first = await imported(target, bytes);
    const keys = readKeys(target.engine, 'objects');
    const rows = keys.map((key) => readRow(target.engine, 'objects', key));
    const second = await imported(target, bytes);
    expect(second.objects).toEqual({ added: 0, present: first.objects.added, excised: 0 });
    refreshSnapshot(target.engine);
    expect(readKeys(target.engine, 'objects')).toEqual(keys);
    expect(keys.map((key) => readRow(target.engine, 'objects', key))).toEqual(rows);
    expect(target.stateVersion()).toBe(1);
  });

  it('is completed by importing again after it was cut off [DML-STO-1024]', async () => {
    const { store, commitId } = await sourceStore();
    const bytes = await exported(store);
    for (const share of [0.3, 0.9]) {
      const cut = bytes.subarray(0, Math.floor(bytes.length * share));
      expect(await failureOf(imported(target, cut))).toBe('transfer_invalid/truncated');
      expect(target.readRefs()).toEqual([]);
    }
    expect((await imported(target, bytes)).state).toBe('applied');
    expect(closureOf(target, commitId)).toEqual(closureOf(store, commitId));
  });

  it('keeps a tombstone against the object and counts it [DML-STO-1025]', async () => {
    const { store } = await sourceStore();
    const bytes = await exported(store);
    await imported(target, bytes);
    const datumId = hashBytes<'datum'>(textBytes('two'));
    await excise(target, { class: 'datum', objectId: datumId });
    expect((await imported(target, bytes)).objects).toMatchObject({ added: 0, excised: 1 });
    expect(() => target.get('datum', datumId)).toThrow(EXCISED);
  });

  it('refuses a stream that lacks something its refs reach [DML-STO-1026]', async () => {
    const source = await openFixture();
    const commitId = commitTo(source, { text: 'whole' });
    const stream = await exported(source);
    const { blocks } = await sectionsOf(stream);
    const records = blocks.map((bytes) => ({ codec: 0x71, bytes }) as const);
    for (let left = 1; left < records.length; left += 1) {
      const target = await openFixture();
      const thin = streamOf(
        1,
        records.filter((_, index) => index !== left),
      );
      expect(await failureOf(imported(target, thin))).toBe('transfer_invalid/incomplete');
      expect(target.readRefs()).toEqual([]);
    }
    expect((await imported(target, stream)).refs).toMatchObject([{ after: commitId }]);
  });

  it('refuses to move a ref to no descendant unless forced, and leaves all as they were [DML-STO-1027] [DML-STO-1030]', async () => {
    const { store, commitId } = await sourceStore();
    setRef(store, 'fresh', commitId);
    const bytes = await exported(store, [MAIN, headRef('fresh')]);
    const mine = commitTo(target, { text: 'mine' });
    expect(await imported(target, bytes)).toMatchObject({
      state: 'refused',
      refs: [{ ref: MAIN, before: mine, after: commitId, reason: 'not_descendant' }],
    });
    expect(target.readRefs().map((ref) => [ref.name, ref.commitId])).toEqual([[MAIN, mine]]);
    expect((await imported(target, bytes, { force: true })).state).toBe('applied');
    expect(target.getRef(MAIN)?.commitId).toBe(commitId);
  });

  it('puts a tag in the place of another only when forced, also one of a descendant [DML-STO-1982]', async () => {
    const { store, commitId } = await sourceStore();
    const tag = tagRef('v1');
    await imported(target, await exported(store, [MAIN]));
    const later = commitTo(store, { text: 'later' });
    store.updateRef({ ref: tag, expected: null, next: later, actor: 'ada', reason: 'tag' });
    target.updateRef({ ref: tag, expected: null, next: commitId, actor: 'ada', reason: 'tag' });
    const bytes = await exported(store, [tag]);
    expect(await imported(target, bytes)).toMatchObject({ state: 'refused' });
    expect(target.getRef(tag)?.commitId).toBe(commitId);
    expect((await imported(target, bytes, { force: true })).state).toBe('applied');
    expect(target.getRef(tag)?.commitId).toBe(later);
    expect((await imported(target, bytes)).state).toBe('applied');
  });

  it('holds one batch at most of a long stream [DML-STO-1028]', async () => {
    const chunks = Array.from({ length: 40 }, (_, index) => Buffer.alloc(2 ** 18, index + 1));
    const sink = new StreamObjects();
    for (const bytes of chunks) sink.put('chunk', bytes);
    const stream = sink.streamTo(putCommit(sink, {}));
    let given = 0;
    let stored = 0;
    let mostHeld = 0;
    let batches = 0;
    const pieces = function* (): Generator<Buffer> {
      for (let at = 0; at < stream.length; at += 65_536) {
        given = Math.min(stream.length, at + 65_536);
        mostHeld = Math.max(mostHeld, given - stored);
        yield stream.subarray(at, given);
      }
    };
    const result = await importCar(target, pieces(), {
      ...BY,
      onProgress: () => {
        stored = given;
        batches += 1;
      },
    });
    expect(result.objects.added).toBe(42);
    expect(batches).toBe(3);
    expect(mostHeld).toBeLessThan(4 * 2 ** 20 + 2 ** 19);
  });

  it('takes no tombstone of a stream unless the caller accepts them [DML-STO-1033]', async () => {
    const source = await openFixture();
    commitTo(source, { text: 'gone' });
    const gone = hashBytes<'datum'>(textBytes('gone'));
    await excise(source, { class: 'datum', objectId: gone });
    const stream = await exported(source);
    const refusal = { detail: 'excision_offered', fields: { class: 'datum', objectId: gone } };
    await expect(imported(target, stream)).rejects.toMatchObject({ code: 'transfer_invalid', ...refusal });
    expect(target.readRefs()).toEqual([]);
    const accepting = await openFixture();
    expect(await imported(accepting, stream, { acceptExcisions: true })).toMatchObject({ tombstones: 1 });
    target.transact('use', (transaction) => void putText(transaction, 'gone'));
    expect(target.has('datum', gone)).toBe(true);
    expect(await imported(target, stream)).toMatchObject({ state: 'applied', tombstones: 0 });
  });

  it('takes a tombstone only for what is absent and reached [DML-STO-1029]', async () => {
    const source = await openFixture();
    commitTo(source, { text: 'gone' });
    const [gone, unreached] = ['gone', 'unreached'].map((text) => hashBytes<'datum'>(textBytes(text)));
    await excise(source, { class: 'datum', objectId: gone! });
    const { blocks } = await sectionsOf(await exported(source));
    const hostile = encodeRecord({
      type: 'tombstone',
      objectClass: 'datum',
      objectId: unreached!,
      ...EXCISION_FACTS,
      timeMs: 1,
    });
    const stream = streamOf(
      1,
      [...blocks, hostile].map((bytes) => ({ codec: 0x71, bytes }) as const),
    );
    const accept = { acceptExcisions: true };
    expect(await imported(target, stream, accept)).toMatchObject({ state: 'applied', tombstones: 1 });
    expect(() => target.get('datum', gone!)).toThrow(EXCISED);
    expect(readRow(target.engine, 'objects', objectKey('datum', unreached!)!)).toBeUndefined();
    expect(await verifyStore(target)).toMatchObject({ findings: 0, leftovers: 0 });
    const owner = await openFixture();
    commitTo(owner, { text: 'gone' }, headRef('mine'));
    expect(await imported(owner, stream, accept)).toMatchObject({ state: 'applied', tombstones: 0 });
    expect(owner.has('datum', gone!)).toBe(true);
  });
});
