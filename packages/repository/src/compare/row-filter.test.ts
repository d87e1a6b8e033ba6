import type { DatumId } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { parseRowFilter } from './row-filter.ts';
import { cellNumber, cellText, isSameCell, type ValueCell } from './value-cell.ts';

const cell = (kind: ValueCell['kind'], json: string): ValueCell => ({ kind, json });
const HALF = cell('f64', '0.5');
const RIDGE = cell('string', '"ridge"');

describe('a condition', () => {
  it('compares values of one kind and holds for no run without one [DML-REP-0366]', () => {
    const cases: readonly (readonly [string, ValueCell | undefined, boolean])[] = [
      ['m<0.6', HALF, true],
      ['m < 0.5', HALF, false],
      ['m<=0.5', HALF, true],
      ['m>0.4', HALF, true],
      ['m>0.5', HALF, false],
      ['m>=5e-1', HALF, true],
      ['m=0.5', HALF, true],
      ['m==0.50', HALF, true],
      ['m!=0.5', HALF, false],
      ['m!=1', HALF, true],
      ['m=ridge', RIDGE, true],
      ['m="ridge"', RIDGE, true],
      ['m!=tree', RIDGE, true],
      ['m<s', RIDGE, true],
      ['m>=s', RIDGE, false],
      ['m<9', cell('string', '"10"'), true],
      ['m>1', cell('string', '"10"'), true],
      ['m<2', cell('string', '"10"'), true],
      ['m=true', cell('bool', 'true'), true],
      ['m<1', cell('bool', 'false'), false],
      ['m>x', HALF, false],
      ['m=[1,2]', cell('list', '[ 1, 2 ]'), true],
      ['m>0', cell('f64', '{"/": {"f64":"inf"}}'), true],
      ['m<0', cell('f64', '{"/": {"f64":"nan"}}'), false],
      ['m!=1', undefined, false],
      ['m=1', undefined, false],
      ['m<1', undefined, false],
    ];
    for (const [text, value, expected] of cases) {
      const filter = parseRowFilter(text);
      expect(filter?.column, text).toBe('m');
      expect(filter?.accepts(value), `${text} of ${value?.json}`).toBe(expected);
    }
    for (const text of ['', 'm', '<1', 'm~1', '=']) expect(parseRowFilter(text), text).toBeUndefined();
    expect(parseRowFilter('metrics.a/b-c<1')?.column).toBe('metrics.a/b-c');
  });
});

describe('a field', () => {
  it('is a number however that is written', () => {
    const numbers = ['1', '1.0', '{"/": {"i64":"9223372036854775807"}}', '{"/": {"f64":"-inf"}}'];
    expect(numbers.map((json, at) => cellNumber(cell(at % 2 ? 'f64' : 'i64', json)))).toEqual([
      1,
      1,
      2 ** 63,
      Number.NEGATIVE_INFINITY,
    ]);
    expect(cellNumber(RIDGE)).toBeUndefined();
    const long = (cut: string): ValueCell => ({ ...RIDGE, json: '"same beginning', cut: cut as DatumId });
    expect([
      isSameCell(long('1'), long('1')),
      isSameCell(long('1'), long('2')),
      isSameCell(RIDGE, undefined),
    ]).toEqual([true, false, false]);
    expect(cellText(cell('f64', '0.16666666666666666'))).toBe('0.166667');
    expect(cellText(cell('i64', '123456789'))).toBe('123456789');
    expect(cellText({ ...RIDGE, json: '"rid', cut: 'x' as DatumId })).toBe('rid…');
  });
});
