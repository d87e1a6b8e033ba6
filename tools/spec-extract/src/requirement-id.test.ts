import { describe, expect, it } from 'vitest';
import { idsIn, nearestIds, parseTitle } from './requirement-id.ts';

describe('parseTitle', () => {
  it('reads one or two ids that end a title [DML-TRC-0401]', () => {
    expect(parseTitle('sorts names [DML-OBJ-0001]')).toEqual({
      title: 'sorts names',
      cited: ['DML-OBJ-0001'],
      misplaced: [],
    });
    expect(parseTitle('sorts [DML-OBJ-0001] [DML-STO-0002]')).toMatchObject({
      cited: ['DML-OBJ-0001', 'DML-STO-0002'],
    });
    expect(parseTitle('sorts [DML-OBJ-0001][DML-STO-0002] ').cited).toEqual(['DML-OBJ-0001', 'DML-STO-0002']);
  });

  it('cites nothing by an id at another place, without brackets or of another shape [DML-TRC-0401]', () => {
    expect(parseTitle('[DML-OBJ-0001] sorts names').cited).toEqual([]);
    expect(parseTitle('sorts names DML-OBJ-0001').cited).toEqual([]);
    expect(parseTitle('sorts names [DML-OBJ-1]').cited).toEqual([]);
    expect(parseTitle('sorts names (DML-OBJ-0001)').cited).toEqual([]);
  });

  it('tells ids that stand elsewhere in the title apart', () => {
    expect(parseTitle('DML-OBJ-0003 sorts [DML-OBJ-0001] names [DML-OBJ-0002]')).toEqual({
      title: 'DML-OBJ-0003 sorts [DML-OBJ-0001] names',
      cited: ['DML-OBJ-0002'],
      misplaced: ['DML-OBJ-0003', 'DML-OBJ-0001'],
    });
  });
});

describe('idsIn', () => {
  it('lists each id once, in order of first mention', () => {
    expect(idsIn('DML-STO-0002, DML-OBJ-0001 and DML-STO-0002')).toEqual(['DML-STO-0002', 'DML-OBJ-0001']);
  });

  it('skips what only resembles an id', () => {
    expect(idsIn('XDML-OBJ-0001 DML-OBJ-00011 DML-obj-0001 DML-OBJ-001 DML-OBJ-0001-x')).toEqual([]);
  });
});

it('nearestIds begins with the known ids that share most with a wrong one, whatever its case', () => {
  const known = ['DML-OBJ-0001', 'DML-OBJ-0104', 'DML-STO-0104', 'DML-TRC-0999'];
  expect(nearestIds('DML-OBJ-0105', known, 2)).toEqual(['DML-OBJ-0104', 'DML-OBJ-0001']);
  expect(nearestIds('dml-trc-0990', known, 1)).toEqual(['DML-TRC-0999']);
  expect(nearestIds('DML-TRC-0999', [])).toEqual([]);
});
