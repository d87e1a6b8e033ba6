import { encodeRecord, hashBytes } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { excise } from '../../test/excise.ts';
import { openFixture } from '../../test/fixture-store.ts';
import { putText } from '../../test/records.ts';
import { exported, imported, MAIN, sectionsOf, sourceStore } from '../../test/streams.ts';
import { encodeHeader, encodeSection, encodeVarint } from './car-frame.ts';
import { checkCar } from './check-car.ts';

/** Puts a stream together from the sections of another one. */
async function streamOf(
  bytes: Buffer,
  keep: (id: string, at: number) => boolean,
  changed: (block: Buffer, id: string) => Buffer = (block) => block,
): Promise<Buffer> {
  const { roots, ids, blocks } = await sectionsOf(bytes);
  const links = ids.map((id, at) => ({ codec: codecOf(blocks[at]!), id: id as never }));
  const header = encodeHeader(links.slice(0, roots.length));
  return Buffer.concat([
    encodeVarint(header.length),
    header,
    ...blocks.flatMap((block, at) =>
      keep(ids[at]!, at) ? [encodeSection(links[at]!, changed(Buffer.from(block), ids[at]!))] : [],
    ),
  ]);
}

/** A record begins with an array and the format. */
function codecOf(block: Uint8Array): 0x71 | 0x55 {
  return block[0]! >= 0x80 && block[0]! < 0xa0 && block[1] === 1 ? 0x71 : 0x55;
}

describe('checkCar', () => {
  it('counts what a stream holds and misses nothing in a whole one [DML-CLI-2025]', async () => {
    const { store, commitId } = await sourceStore();
    const bytes = await exported(store);
    const { ids } = await sectionsOf(bytes);
    expect(await checkCar([bytes])).toEqual({
      refs: [{ name: MAIN, commitId }],
      objects: ids.length - 1,
      tombstones: 0,
      stubs: 0,
      missingCount: 0,
      missing: [],
    });
    // In pieces of any size, and with an object twice.
    const pieces = Array.from({ length: Math.ceil(bytes.length / 777) }, (_, at) =>
      bytes.subarray(at * 777, (at + 1) * 777),
    );
    expect(await checkCar(pieces)).toMatchObject({ objects: ids.length - 1 });
    const twice = Buffer.concat([bytes, await tail(bytes)]);
    expect(await checkCar([twice])).toMatchObject({ objects: ids.length - 1, missingCount: 0 });
  });

  /** Returns the last section of a stream once more. */
  async function tail(bytes: Buffer): Promise<Buffer> {
    const { ids, blocks } = await sectionsOf(bytes);
    const last = blocks.at(-1) as Buffer;
    return encodeSection({ codec: codecOf(last), id: ids.at(-1) as never }, last);
  }

  it('names each object that is missing, of every class, also where a ref alone leads to it [DML-CLI-2025]', async () => {
    const { store, commitId } = await sourceStore();
    const bytes = await exported(store);
    const { ids } = await sectionsOf(bytes);
    for (const left of ids.slice(1)) {
      const { missing, missingCount } = await checkCar([await streamOf(bytes, (id) => id !== left)]);
      expect([missingCount, missing.map(({ objectId }) => objectId)]).toEqual([1, [left]]);
    }
    const { missing } = await checkCar([await streamOf(bytes, (_, at) => at === 0)]);
    expect(missing).toEqual([{ class: 'commit', objectId: commitId }]);
    // An import of it agrees.
    await expect(
      imported(await openFixture(), await streamOf(bytes, (_, at) => at === 0)),
    ).rejects.toMatchObject({ detail: 'incomplete' });
  });

  it('takes a tombstone for the object that it stands for [DML-CLI-2025]', async () => {
    const { store } = await sourceStore();
    const datumId = store.transact('find', (transaction) => putText(transaction, 'two'));
    await excise(store, { class: 'datum', objectId: datumId });
    expect(await checkCar([await exported(store)])).toMatchObject({ tombstones: 1, missingCount: 0 });
  });

  it('refuses what is no stream, cut off or not true [DML-CLI-2026]', async () => {
    const { store } = await sourceStore();
    const bytes = await exported(store);
    for (const length of [0, 1, 40, 100, bytes.length - 1])
      await expect(checkCar([bytes.subarray(0, length)])).rejects.toMatchObject({
        code: 'transfer_invalid',
        detail: 'truncated',
      });
    await expect(checkCar([Buffer.from('# a text file, and no bundle\n'.repeat(20))])).rejects.toMatchObject({
      code: 'transfer_invalid',
    });
    const { ids } = await sectionsOf(bytes);
    for (const wrong of [ids[0], ids[1], ids.at(-1)]) {
      const flip = (block: Buffer, id: string): Buffer => {
        if (id === wrong) block[block.length - 1]! ^= 1;
        return block;
      };
      await expect(checkCar([await streamOf(bytes, () => true, flip)])).rejects.toMatchObject({
        detail: 'cid_mismatch',
      });
    }
    const ref = encodeRecord({
      type: 'ref',
      name: 'refs/heads/late',
      commitId: ids[1] as never,
      sequence: 1,
    });
    const late = encodeSection({ codec: 0x71, id: hashBytes(ref) }, ref);
    await expect(checkCar([Buffer.concat([bytes, late])])).rejects.toMatchObject({
      detail: 'record_unexpected',
    });
    const junk = Buffer.from([0x84, 1, 3, 77, 0]);
    const section = encodeSection({ codec: 0x71, id: hashBytes(junk) }, junk);
    await expect(checkCar([Buffer.concat([bytes, section])])).rejects.toMatchObject({
      code: 'transfer_invalid',
    });
  });
});
