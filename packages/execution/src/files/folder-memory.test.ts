import { randomFillSync } from 'node:crypto';
import { type DatumId, idOfBytes } from '@daggerml/object-model';
import { nodeEnvironment } from '@daggerml/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CapturePlace } from '../../test/capture-place.ts';
import { IDENTITY_BYTES } from './file-identity.ts';
import { placeOf } from './folder-memory.ts';
import { ListingCursor } from './listing-cursor.ts';

let place: CapturePlace;
beforeEach(async () => {
  place = await CapturePlace.create();
});
afterEach(() => place.close());

/** The datums that are remembered of the folder. */
function remembered(): { readonly files: DatumId[]; readonly directories: readonly DatumId[] } {
  const key = placeOf('folder', place.folder);
  const listing = place.store.readListing(key);
  const files: DatumId[] = [];
  const cursor = new ListingCursor(listing?.partCount ?? 0, (part) => place.store.readListingPart(key, part));
  for (; cursor.hasEntry; cursor.advance())
    files.push(idOfBytes<'datum'>(cursor.bytes, cursor.pathEnd + IDENTITY_BYTES));
  return { files, directories: listing?.datumIds ?? [] };
}

describe('the memory of a folder', () => {
  it('never names what is not stored, whichever write fails [DML-EXE-0868]', async () => {
    const content = new Uint8Array(900_000);
    for (let at = 0; at < 80; at += 1) place.write(`f${at}`, randomFillSync(content));
    let transactions = 0;
    let failing = 0;
    const environment = {
      ...nodeEnvironment(),
      failpoint: (name: string) => {
        if (name === 'objects/before-commit' && ++transactions === failing) throw new Error('no more');
      },
    };
    const kept: number[] = [];
    for (failing = 1; ; failing += 1) {
      transactions = 0;
      await place.reopen({ environment });
      const outcome = await place.capture({ knowsFiles: false }).then(
        () => 'done',
        (error) => error.code,
      );
      await place.reopen();
      const { files, directories } = remembered();
      for (const datumId of [...files, ...directories]) expect(place.store.has('datum', datumId)).toBe(true);
      kept.push(files.length);
      if (outcome === 'done') break;
      expect(outcome).toBe('store_write_failed');
    }
    expect(kept.length).toBeGreaterThan(2);
    expect(kept.slice(0, -1).every((count) => count === 0)).toBe(true);
    expect(kept.at(-1)).toBe(80);
  });

  it('counts as nothing where it was written in another form', async () => {
    place.writeMany(150);
    const right = await place.capture();
    const key = placeOf('folder', place.folder);
    const listing = place.store.readListing(key);
    if (!listing) throw new Error('nothing is remembered');
    const head = Buffer.from(listing.head);
    head.writeUInt32LE(head.readUInt32LE(0) + 1, 0);
    place.store.transact('spoil', (transaction) =>
      transaction.putListing({ ...listing, place: key, head, parts: new Map() }),
    );
    expect(await place.capture()).toBe(right);
    expect(place.opened).toHaveLength(150);
  });
});
