import { type ObjectId, scanLinks } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { iterateRows } from '../engine/reading.ts';
import { parseObjectKey } from '../tables/keyspace.ts';
import { classRange } from './find-objects.ts';
import { ifReadable } from './if-readable.ts';

const ID_BYTES = 32;

/**
 * Returns some datums, pages or chunks and everything of the store's datums and pages that holds them, at any depth.
 * O(datums and pages · depth); memory only for what is found. `onRows` hears the number of rows looked at, now and then.
 */
export function findHolders(
  engine: Engine,
  targets: Iterable<ObjectId>,
  onRows: (rows: number) => void = () => {},
): ReadonlySet<string> {
  const found = new Set<string>(targets);
  let rows = 0;
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const objectClass of ['page', 'datum'] as const) {
      for (const { key, value } of iterateRows(engine, 'objects', classRange(objectClass, ''))) {
        if (++rows % ROWS_OF_PROGRESS === 0) onRows(rows);
        const id = parseObjectKey(key)?.id;
        if (id !== undefined && !found.has(id) && holdsOne(value, found)) found.add(id);
      }
    }
  }
  return found;
}

const ROWS_OF_PROGRESS = 50_000;

function holdsOne(value: Buffer, found: ReadonlySet<string>): boolean {
  let isHolder = false;
  ifReadable(() =>
    scanLinks(value, (_objectClass, at) => {
      isHolder ||= found.has(value.toString('hex', at, at + ID_BYTES));
    }),
  );
  return isHolder;
}
