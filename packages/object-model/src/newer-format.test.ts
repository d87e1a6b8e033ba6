import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../test/support/memory-objects.ts';
import { plainCommit, sampleRecords } from '../test/support/samples.ts';
import { ERROR_DETAILS, type ErrorDetail } from './error-table.ts';
import { isNewerFormat, objectModelError } from './errors.ts';
import type { PageId } from './ids.ts';
import { decodeRecord } from './records/decode-record.ts';
import { encodeRecord } from './records/encode-record.ts';
import { checkSchema } from './schema.ts';
import { treeCount } from './search-tree/read-tree.ts';

function caughtOf(run: () => unknown): unknown {
  try {
    run();
  } catch (caught) {
    return caught;
  }
  throw new Error('nothing was thrown');
}

describe('isNewerFormat', () => {
  it('holds for the four details of what is newer and for no other error [DML-OBJ-0237]', () => {
    const newer = (Object.keys(ERROR_DETAILS) as ErrorDetail[]).filter((detail) =>
      isNewerFormat(objectModelError(detail)),
    );
    expect(newer).toEqual(['newer_version', 'newer_type', 'newer_kind', 'newer_schema']);
    for (const other of [undefined, null, 'newer_kind', new Error('newer_kind'), { detail: 'newer_kind' }])
      expect(isNewerFormat(other)).toBe(false);
  });

  it('distinguishes what a later version may write from damage, in every way to read it [DML-OBJ-0237]', () => {
    const schema2 = {
      type: 'datum',
      kind: 'map',
      root: [['schema', { type: 'datum', kind: 'i64', value: 2n }]],
    } as const;
    const newer = [
      [0x83, 2, 2, 1],
      [0x83, 1, 16, 1],
      [0x84, 1, 2, 12, 0xa0],
      [0x84, 1, 2, 8, 0x81, 0x82, 12, 1],
      [0x84, 1, 3, 5, 0xa0],
      [0x85, 1, 11, 13, 0, 0x80],
    ].map((bytes) => caughtOf(() => decodeRecord(Uint8Array.from(bytes))));
    const pages = { getPage: () => Uint8Array.of(0x85, 2, 11, 1, 0, 0x81, 0xf6) };
    const later = { getPage: () => Uint8Array.of(0x85, 1, 11, 13, 0, 0x81, 0xf6) };
    for (const source of [pages, later])
      newer.push(caughtOf(() => treeCount('list', '1'.repeat(64) as PageId, source)));
    newer.push(caughtOf(() => checkSchema(schema2, 1, new MemoryObjects())));
    const damaged = [
      [0x83, 0, 2, 1],
      [0x83, 1, 12, 1],
      [0x83, 1, 2, 0],
      [0x83, 1, 2, 0x20],
      [0x83, 1, 2, 1, 1],
      [0x83, 0x61, 2, 1],
    ].map((bytes) => caughtOf(() => decodeRecord(Uint8Array.from(bytes))));
    expect(newer.map(isNewerFormat)).toEqual(newer.map(() => true));
    expect(damaged.map(isNewerFormat)).toEqual(damaged.map(() => false));
  });
});

describe('an inline element of a later kind', () => {
  it('is newer whatever of the profile stands behind the kind, in lists, sets and maps [DML-OBJ-1107]', () => {
    // The encoded members behind the kind, each an item.
    const behind: readonly (readonly (readonly number[])[])[] = [
      [],
      [[1]],
      [[0xf6]],
      [[0x61, 0x61]],
      [[0x82, 0x20, 0x41, 0]],
      [[1], [2], [0x81, 0x80]],
    ];
    for (const members of behind) {
      const element = [0x81 + members.length, 12, ...members.flat()];
      for (const record of [
        [0x84, 1, 2, 8, 0x81, ...element],
        [0x84, 1, 2, 9, 0x81, ...element],
        [0x84, 1, 2, 10, 0x81, 0x82, 0x61, 0x61, ...element],
        [0x85, 1, 11, 1, 0, 0x81, ...element],
      ])
        expect(caughtOf(() => decodeRecord(Uint8Array.from(record)))).toMatchObject({ detail: 'newer_kind' });
    }
  });

  it('is damage where what stands behind the kind is outside of the profile', () => {
    for (const member of [0xa0, 0xf7, 0x9f]) {
      const bytes = Uint8Array.of(0x84, 1, 2, 8, 0x81, 0x82, 12, member);
      expect(isNewerFormat(caughtOf(() => decodeRecord(bytes)))).toBe(false);
    }
  });
});

describe('format versions', () => {
  it('are written as the lowest that holds a record, which is 1 for every type [DML-OBJ-0231]', () => {
    for (const record of sampleRecords()) {
      const bytes = encodeRecord(record);
      expect(bytes[1]).toBe(1);
      const other = Uint8Array.from(bytes, (byte, at) => (at === 1 ? 2 : byte));
      expect(isNewerFormat(caughtOf(() => decodeRecord(other)))).toBe(true);
    }
  });

  it('are judged type by type, before the type itself [DML-OBJ-0230]', () => {
    for (const type of [0, 1, 2, 12, 13, 14, 23]) {
      const bytes = Uint8Array.of(0x83, 2, type, 0xa0);
      expect(caughtOf(() => decodeRecord(bytes))).toMatchObject({ detail: 'newer_version' });
    }
    const commit = encodeRecord(plainCommit);
    expect(decodeRecord(commit)).toEqual(plainCommit);
  });
});
