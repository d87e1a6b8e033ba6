import { DmlError } from '@daggerml/object-model';
import { type ReadAt, readNewestMeta } from '../src/engine/meta-page.ts';
import { checkPages } from '../src/engine/page-check.ts';
import { openStore } from '../src/open-store.ts';
import { seededBytes, seededRandom, seededUuids } from './crash/damage-runs.ts';
import { fakeEnvironment, setRef } from './fixture-store.ts';
import { putCommit } from './records.ts';

/**
 * Builds a store with pages of every kind: deep trees, values on pages of their own, a free list. Its file is the
 * same each time, so that the damage which follows from a seed is as well.
 */
export async function buildVariedStore(path: string): Promise<string[]> {
  const random = seededRandom(3);
  const store = await openStore(path, {
    mode: 'write',
    create: true,
    environment: { ...fakeEnvironment(1), randomUuid: seededUuids(random) },
  });
  const ids: string[] = [];
  for (let round = 0; round < 10; round += 1) {
    store.transact('fill', (transaction) => {
      for (let index = 0; index < 120; index += 1) {
        ids.push(transaction.put('chunk', seededBytes(random, index % 30 === 0 ? 9000 : 150)));
      }
      for (let index = 0; index < 4; index += 1) {
        setRef(transaction, `head-${index}`, putCommit(transaction, { message: `${round} ${index}` }));
      }
    });
  }
  store.checkpoint();
  await store.close();
  return ids;
}

export function readerOf(bytes: Buffer): ReadAt {
  return (target, length, position) =>
    position >= bytes.length ? 0 : bytes.copy(target, 0, position, position + length);
}

/** Checks the pages of a file; the number of its entries. */
export function checkBytes(bytes: Buffer): number {
  const readAt = readerOf(bytes);
  return checkPages(readAt, readNewestMeta(readAt, bytes.length));
}

/** Returns what the page check finds in a file, or `none`. */
export function damageOf(bytes: Buffer): string {
  try {
    checkBytes(bytes);
    return 'none';
  } catch (error) {
    if (error instanceof DmlError && error.code === 'store_damaged') return error.detail ?? 'none';
    throw error;
  }
}
