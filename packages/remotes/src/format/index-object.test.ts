import {
  OBJECT_CLASS_NUMBERS,
  OBJECT_CLASSES,
  type ObjectClass,
  type ObjectId,
} from '@daggerml/object-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../test/errors.ts';
import { SEGMENT_NAME } from '../../test/objects.ts';
import { checkHash, filePath, newFileName } from './file-path.ts';
import { IndexObject, type IndexRow, IndexRows } from './index-object.ts';

const ORIGIN = { remote: 'r', path: 'indexes/x.index' };
const SECOND = `4711-${'c'.repeat(64)}-${'d'.repeat(32)}`;
const ROWS_AT = 20 + 2 * 114 + 1024;

function idOf(text: string): ObjectId {
  return text.padEnd(64, '0') as ObjectId;
}

function row(id: string, objectClass: ObjectClass = 'datum', offset = 55): IndexRow {
  return { class: objectClass, id: idOf(id), segment: 0, offset, length: 7 };
}

function encode(rows: readonly IndexRow[], segments: readonly string[] = [SEGMENT_NAME, SECOND]): Buffer {
  const packed = new IndexRows();
  for (const each of rows) packed.add(each.class, each.id, each);
  return packed.encode(segments).bytes;
}

function rowsOf(index: IndexObject): IndexRow[] {
  return Array.from({ length: index.count }, (_, number) => index.row(number));
}

/** Ids of which many share their first bytes. */
const ids = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  fc
    .tuple(
      fc.constantFrom('00', 'ff', 'abcdef01', 'abcdef02'),
      fc.constantFrom('', '01', 'ff'),
      fc.nat(3).map(String),
    )
    .map(([start, middle, end]) => start + middle.padEnd(63 - start.length, '0') + end),
);
const someRows = fc.array(
  fc.record({
    class: fc.constantFrom(...OBJECT_CLASSES),
    id: ids.map((id) => id as ObjectId),
    segment: fc.nat(1),
    offset: fc.oneof(fc.constant(55), fc.integer({ min: 55, max: 2 ** 32 - 2 ** 20 })),
    length: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 20 })),
  }),
  { maxLength: 300 },
);

describe('IndexObject', () => {
  it('is written byte for byte as the specification says [DML-REM-0510]', () => {
    const bytes = encode([
      { class: 'page', id: idOf('ff'), segment: 1, offset: 0x01020304, length: 0x0a0b },
      { class: 'chunk', id: idOf('00'), segment: 0, offset: 55, length: 1 },
      { class: 'datum', id: idOf('ff'), segment: 0, offset: 99, length: 2 },
    ]);
    const u32 = (value: number): string => value.toString(16).padStart(8, '0');
    const expected = [
      Buffer.from('dmlindex').toString('hex'),
      u32(1) + u32(2) + u32(3),
      Buffer.from(SEGMENT_NAME.padEnd(114, '\0')).toString('hex'),
      Buffer.from(SECOND.padEnd(114, '\0')).toString('hex'),
      u32(1).repeat(255) + u32(3),
      `${idOf('00')}0c${u32(0)}${u32(55)}${u32(1)}`,
      `${idOf('ff')}02${u32(0)}${u32(99)}${u32(2)}`,
      `${idOf('ff')}0b${u32(1)}${u32(0x01020304)}${u32(0x0a0b)}`,
    ];
    expect(bytes.toString('hex')).toBe(expected.join(''));
    expect([OBJECT_CLASS_NUMBERS.page, OBJECT_CLASS_NUMBERS.chunk]).toEqual([11, 12]);
  });

  it('gives back the rows in the bytewise order of id and class, the first of equal ones [DML-REM-0510]', () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        const first = new Map<string, IndexRow>();
        for (const each of rows) {
          const key = each.id + OBJECT_CLASS_NUMBERS[each.class].toString(16).padStart(2, '0');
          if (!first.has(key)) first.set(key, each);
        }
        const sorted = [...first].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, each]) => each);
        const index = IndexObject.parse(encode(rows), ORIGIN);
        expect(rowsOf(index)).toEqual(sorted);
        expect(index.segments).toEqual([SEGMENT_NAME, SECOND]);
        for (const { class: objectClass, id, ...position } of sorted)
          expect(index.find(objectClass, id)).toEqual(position);
      }),
    );
  });

  it('finds no object that is not there, near those that are', () => {
    fc.assert(
      fc.property(someRows, ids, fc.constantFrom(...OBJECT_CLASSES), (rows, id, objectClass) => {
        const there = rows.find((each) => each.id === id && each.class === objectClass);
        const found = IndexObject.parse(encode(rows), ORIGIN).find(objectClass, id as ObjectId);
        expect(found !== undefined).toBe(there !== undefined);
      }),
    );
    const empty = IndexObject.parse(encode([]), ORIGIN);
    expect([empty.count, empty.find('datum', idOf('00')), empty.find('datum', idOf('ff'))]).toEqual([
      0,
      undefined,
      undefined,
    ]);
  });

  it('is read from a part of a buffer without a copy', () => {
    const bytes = encode([row('11'), row('22')]);
    const whole = Buffer.concat([Buffer.alloc(13, 0xee), bytes]);
    const index = IndexObject.parse(
      new Uint8Array(whole.buffer, whole.byteOffset + 13, bytes.length),
      ORIGIN,
    );
    whole.writeUInt32BE(777, 13 + ROWS_AT + 37);
    expect(index.find('datum', idOf('11'))?.offset).toBe(777);
  });
});

describe('an index object is refused', () => {
  const good = encode([row('11'), row('11', 'page'), row('22'), row('fe')]);
  const at = (number: number): number => ROWS_AT + number * 45;
  const changed = (offset: number, hex: string): Buffer => {
    const bytes = Buffer.from(good);
    bytes.write(hex, offset, 'hex');
    return bytes;
  };
  const damaged: readonly (readonly [string, Buffer])[] = [
    ['magic', good.subarray(0, 19)],
    ['magic', Buffer.alloc(0)],
    ['magic', changed(7, '79')],
    ['format', changed(8, '00000000')],
    ['length', good.subarray(0, -1)],
    ['length', Buffer.concat([good, Buffer.alloc(1)])],
    ['length', changed(12, '00000001')],
    ['length', changed(16, 'ffffffff')],
    ['segment_name', changed(20, '2f')],
    ['segment_name', changed(20 + 114 + 5, '00')],
    ['segment_name', changed(20 + 113, '61')],
    ['segment_name', changed(20, '3031')],
    ['fanout', changed(20 + 2 * 114, '00000001')],
    ['fanout', changed(20 + 2 * 114 + 255 * 4, '00000003')],
    ['fanout', changed(at(2), '33')],
    ['row_order', changed(at(1), '10')],
    ['row_order', changed(at(1) + 32, '02')],
    ['row_order', changed(at(0), '23')],
    ['class', changed(at(0) + 32, '01')],
    ['class', changed(at(3) + 32, '0d')],
    ['segment_number', changed(at(0) + 33, '00000002')],
    ['position', changed(at(0) + 37, '00000036')],
    ['position', changed(at(0) + 37, 'fffffffa')],
    ['position', changed(at(0) + 41, '00000000')],
    ['position', changed(at(0) + 41, '00100001')],
  ];

  it.each(damaged.map(([detail, bytes], number) => ({ number, detail, bytes })))(
    'for what is wrong with it: $number $detail [DML-REM-0511]',
    ({ detail, bytes }) => {
      expect(refusal(() => IndexObject.parse(good, ORIGIN))).toBe('accepted');
      expect(refusal(() => IndexObject.parse(bytes, ORIGIN))).toBe(`remote_damaged ${detail}`);
    },
  );

  it('when its bytes do not hash to its name [DML-REM-0511]', () => {
    const path = filePath('indexes', newFileName(3, good, Buffer.alloc(16)));
    expect(refusal(() => checkHash(path, good, 'r'))).toBe('accepted');
    expect(refusal(() => checkHash(path, changed(at(0) + 37, '00000040'), 'r'))).toBe('remote_damaged hash');
    expect(refusal(() => checkHash(path, good.subarray(1), 'r'))).toBe('remote_damaged hash');
  });

  it('as newer when its format is, whatever follows [DML-REM-0516]', () => {
    const newer = Buffer.concat([good.subarray(0, 8), Buffer.from([0, 0, 0, 2]), Buffer.alloc(8, 0xff)]);
    expect(refusal(() => IndexObject.parse(newer, ORIGIN))).toBe('remote_format_newer');
  });

  it('or gives back what was written, whatever is done to its bytes', () => {
    const arbitrary = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(arbitrary, (writes) => {
        const bytes = Buffer.from(good);
        for (const [offset, value] of writes) bytes[offset] = value;
        if (refusal(() => IndexObject.parse(bytes, ORIGIN)) !== 'accepted') return;
        const { segments, ...index } = IndexObject.parse(bytes, ORIGIN);
        expect(index).toBeDefined();
        expect(encode(rowsOf(IndexObject.parse(bytes, ORIGIN)), segments).equals(bytes)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
