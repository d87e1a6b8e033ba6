import type { ExecId, ExecutionKey } from '@daggerml/object-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../test/errors.ts';
import { SEGMENT_NAME } from '../../test/objects.ts';
import { CacheIndex } from './cache-index.ts';
import type { CacheRow } from './cache-row.ts';
import { CacheRows } from './cache-rows.ts';

const ORIGIN = { remote: 'r', path: 'caches/x.cache' };
const SECOND = `4711-${'c'.repeat(64)}-${'d'.repeat(32)}`;

function keyOf(text: string): ExecutionKey {
  return text.padEnd(64, '0') as ExecutionKey;
}

function rowOf(key: string, fields: Partial<CacheRow> = {}): CacheRow {
  return {
    executionKey: keyOf(key),
    execId: 'e'.repeat(64) as ExecId,
    status: 'ok',
    fencing: 0,
    place: { segment: SEGMENT_NAME, offset: 55, length: 7, before: 0 },
    ...fields,
  };
}

function encode(rows: readonly CacheRow[]): Buffer {
  const packed = new CacheRows();
  for (const row of rows) packed.add(row);
  return packed.encode().bytes;
}

function parse(bytes: Uint8Array): CacheIndex {
  return CacheIndex.parse(bytes, ORIGIN);
}

function rowsIn(index: CacheIndex): CacheRow[] {
  return Array.from({ length: index.count }, (_, number) => index.row(number));
}

const keys = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  fc
    .tuple(fc.constantFrom('00', 'ff', 'abcdef0102', 'abcdef0103'), fc.nat(9).map(String))
    .map(([start, end]) => start + end.padEnd(64 - start.length, '0')),
);
const someRows = fc.array(
  fc.record({
    executionKey: keys.map((key) => key as ExecutionKey),
    execId: keys.map((key) => key as ExecId),
    status: fc.constantFrom('ok', 'error'),
    fencing: fc.nat(2 ** 32 - 1),
    place: fc.record({
      segment: fc.constantFrom(SEGMENT_NAME, SECOND),
      offset: fc.nat(2 ** 32 - 1),
      length: fc.nat(2 ** 32 - 1),
      before: fc.nat(2 ** 32 - 1),
    }),
    signature: fc.option(
      fc.record({
        signer: fc.constantFrom('did:key:z6MkOne', 'did:key:z6MkTwo'),
        bytes: fc.uint8Array({ minLength: 64, maxLength: 64 }),
      }),
      { nil: undefined },
    ),
  }) as fc.Arbitrary<CacheRow>,
  { maxLength: 200 },
);

describe('CacheIndex', () => {
  it('is written byte for byte as the specification says [DML-REM-1210]', () => {
    const signature = { signer: 'did:key:z6MkOne', bytes: new Uint8Array(64).fill(9) };
    const bytes = encode([
      rowOf('ff02030405', { status: 'error', fencing: 0x01020304, signature }),
      rowOf('00', { place: { segment: SECOND, offset: 0x0a0b0c0d, length: 0x0102, before: 0x0304 } }),
    ]);
    const u32 = (value: number): string => value.toString(16).padStart(8, '0');
    const name = (text: string): string => Buffer.from(text.padEnd(114, '\0')).toString('hex');
    const exec = 'e'.repeat(64);
    const expected = [
      Buffer.from('dmlcache').toString('hex'),
      u32(1) + u32(2) + u32(1) + u32(2),
      name(SEGMENT_NAME) + name(SECOND) + name('did:key:z6MkOne'),
      u32(1).repeat(255) + u32(2),
      '0000000002030405',
      `${keyOf('00') + exec}01${u32(0)}${u32(1)}${u32(0x0a0b0c0d)}${u32(0x0102)}${u32(0x0304)}`,
      `${keyOf('ff02030405') + exec}00${u32(0x01020304)}${u32(0)}${u32(55)}${u32(7)}${u32(0)}`,
      u32(0) + '00'.repeat(64) + u32(1) + '09'.repeat(64),
    ];
    expect(bytes.toString('hex')).toBe(expected.join(''));
    // Nothing is kept for signatures where there are none.
    expect(encode([rowOf('00')])).toHaveLength(24 + 114 + 1024 + 4 + 85);
  });

  it('gives back the rows by key, one for each, whole or by ranges [DML-REM-1210]', () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        const bytes = encode(rows);
        const index = parse(bytes);
        const found = rowsIn(index);
        expect(found.map(({ executionKey }) => executionKey)).toEqual(
          [...new Set(rows.map(({ executionKey }) => executionKey))].sort(),
        );
        for (const row of found)
          expect(rows).toContainEqual(row.signature === undefined ? { ...row, signature: undefined } : row);
        const start = CacheIndex.parseHead(bytes.subarray(0, 30), bytes.length, ORIGIN) as number;
        const head = CacheIndex.parseHead(bytes.subarray(0, start), bytes.length, ORIGIN) as CacheIndex;
        expect([head.isWhole, head.count]).toEqual([rows.length === 0, index.count]);
        for (const [number, row] of found.entries()) {
          const span = head.find(row.executionKey);
          expect(span).toEqual(index.find(row.executionKey));
          const { from, to } = span as { from: number; to: number };
          expect(from <= number && number < to).toBe(true);
          const ranges = head.rangesOf({ from, to });
          const slice = (range: { offset: number; length: number }): Buffer =>
            bytes.subarray(range.offset, range.offset + range.length);
          const signatures = ranges.signatures && slice(ranges.signatures);
          expect(head.rowIn(slice(ranges.rows), signatures, number - from)).toEqual(row);
        }
      }),
    );
  });

  it('finds no row for a key whose first five bytes no row has', () => {
    const index = parse(encode([rowOf('0102030405'), rowOf('0102030406'), rowOf('fe')]));
    expect(index.find(keyOf('0102030405ff'))).toEqual({ from: 0, to: 1 });
    for (const key of ['0102030404', '0102030407', '00', 'ff', 'fe0001'])
      expect(index.find(keyOf(key)), key).toBeUndefined();
  });

  it('puts a success before a failure, then the greater number, then the later one [DML-REM-1212]', () => {
    const [first, second, third] = ['1', '2', '3'].map((digit) => digit.repeat(64) as ExecId) as [
      ExecId,
      ExecId,
      ExecId,
    ];
    const winner = (...rows: Partial<CacheRow>[]): ExecId | undefined =>
      rowsIn(parse(encode(rows.map((fields) => rowOf('aa', fields)))))[0]?.execId;
    const failure = { status: 'error', execId: first, fencing: 9 } as const;
    expect(winner(failure, { execId: second })).toBe(second);
    expect(winner({ execId: second }, failure)).toBe(second);
    expect(winner({ execId: first, fencing: 2 }, { execId: second, fencing: 1 })).toBe(first);
    expect(winner({ execId: first, fencing: 1 }, { execId: second, fencing: 2 })).toBe(second);
    expect(winner({ execId: first }, { execId: second }, { execId: third })).toBe(third);
    const failures = [{ ...failure }, { ...failure, execId: second, fencing: 8 }];
    expect(winner(...failures)).toBe(first);
  });

  it('refuses what is not of its form, and says what is wrong [DML-REM-1211]', () => {
    const signature = { signer: 'did:key:z6MkOne', bytes: new Uint8Array(64) };
    const whole = encode([rowOf('01'), rowOf('0102', { signature }), rowOf('ff')]);
    const namesAt = 24;
    const fanoutAt = namesAt + 2 * 114;
    const prefixesAt = fanoutAt + 1024;
    const rowsAt = prefixesAt + 12;
    const changed = (at: number, value: number): Buffer => {
      const bytes = Buffer.from(whole);
      bytes[at] = value;
      return bytes;
    };
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['magic', Buffer.from('dml')],
      ['magic', changed(0, 1)],
      ['format', changed(11, 0)],
      ['length', whole.subarray(0, -1)],
      ['length', Buffer.concat([whole, Buffer.alloc(1)])],
      ['length', changed(23, 2)],
      ['segment_name', changed(namesAt, 0x78)],
      ['signer', changed(namesAt + 114, 0x20)],
      ['fanout', changed(fanoutAt + 255 * 4 + 3, 2)],
      ['fanout', changed(fanoutAt + 4 * 4 + 3, 1)],
      ['fanout', changed(rowsAt, 2)],
      ['prefix_order', changed(prefixesAt, 3)],
      ['prefix', changed(rowsAt + 85 * 2 + 4, 3)],
      ['status', changed(rowsAt + 64, 2)],
      ['segment_number', changed(rowsAt + 72, 1)],
      ['signer_number', changed(rowsAt + 3 * 85 + 3, 2)],
    ];
    expect(refusal(() => parse(whole))).toBe('accepted');
    for (const [detail, bytes] of cases)
      expect(
        refusal(() => parse(bytes)),
        detail,
      ).toBe(`remote_damaged ${detail}`);
    const twice = encode([rowOf('0101'), rowOf('0102')]);
    const at = 24 + 114 + 1024;
    twice.set([1, 0, 0, 0], at + 4);
    twice.set([1, 1], at + 8 + 85);
    expect(refusal(() => parse(twice))).toBe('remote_damaged row_order');
    expect(refusal(() => parse(changed(11, 2)))).toBe('remote_format_newer');
    expect(refusal(() => CacheIndex.parseHead(whole, whole.length + 1, ORIGIN))).toBe(
      'remote_damaged length',
    );
  });

  it('ends in an error of its own for any bytes', () => {
    const whole = encode([rowOf('01'), rowOf('02')]);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        const bytes = Buffer.from(whole);
        bytes[at] = value;
        expect(refusal(() => parse(bytes))).toMatch(/^(?:accepted|remote_damaged \w+|remote_format_newer)$/);
      }),
    );
  });
});
