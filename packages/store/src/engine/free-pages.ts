import { readCount } from './meta-page.ts';

/**
 * Iterates over the runs of pages that one list of free pages names, as first page and length; false for a list
 * that is none. A list is a count and as many words: 0 is empty, n > 0 a page, -n the length of a run named next.
 */
export function* freeRuns(list: Buffer, lastPage: number): Generator<readonly [number, number] | false> {
  const count = list.length >= 8 ? readCount(list, 0) : -1;
  if (!(count >= 0 && (count + 1) * 8 <= list.length)) return yield false;
  for (let index = 1; index <= count; index += 1) {
    const word = Number(list.readBigInt64LE(index * 8));
    if (word === 0) continue;
    const pages = word < 0 ? -word : 1;
    if (word < 0) index += 1;
    const first = word > 0 ? word : index <= count ? Number(list.readBigInt64LE(index * 8)) : 0;
    if (!(first >= 2 && first + pages - 1 <= lastPage)) return yield false;
    yield [first, pages];
  }
}
