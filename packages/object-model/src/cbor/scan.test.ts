import { describe, expect, it } from 'vitest';
import { sampleRecords } from '../../test/support/samples.ts';
import { encodeRecord } from '../records/encode-record.ts';
import { scanCbor } from './scan.ts';

/** Returns the detail for which bytes are refused, undefined when they are accepted. */
function refusal(hex: string): string | undefined {
  try {
    scanCbor(Buffer.from(hex, 'hex'));
    return undefined;
  } catch (error) {
    return (error as { readonly detail?: string }).detail;
  }
}

describe('scanCbor', () => {
  it('accepts whole records and refuses every beginning of one [DML-OBJ-0213]', () => {
    for (const record of sampleRecords()) {
      const hex = Buffer.from(encodeRecord(record)).toString('hex');
      expect(refusal(hex)).toBeUndefined();
      for (let end = 0; end < hex.length; end += 2) {
        expect(refusal(hex.slice(0, end)), hex.slice(0, end)).toMatch(
          /^(?:truncated|count_exceeds_bytes|utf8)$/,
        );
      }
    }
    expect(['', '81', '18', '8219ffff'].map(refusal)).toEqual([
      'truncated',
      'count_exceeds_bytes',
      'truncated',
      'truncated',
    ]);
  });

  it('takes as many items as there are bytes, and no head that announces more [DML-OBJ-0215]', () => {
    expect(refusal('83010203')).toBeUndefined();
    expect(refusal(`9818${'00'.repeat(24)}`)).toBeUndefined();
    expect(refusal('840102')).toBe('count_exceeds_bytes');
    expect(refusal('9affffffff')).toBe('count_exceeds_bytes');
  });

  it('takes 65,536 items, arrays and links counted as one each, and no more [DML-OBJ-0236]', () => {
    const link = `d82a58250001711220${'00'.repeat(32)}`;
    const items = (head: string, item: string, count: number): string => head + item.repeat(count);
    expect(refusal(items('99ffff', '01', 65_535))).toBeUndefined();
    expect(refusal(items('9a00010000', '01', 65_536))).toBe('item_count');
    expect(refusal(items('99ffff', '80', 65_535))).toBeUndefined();
    expect(refusal(items('9a00010000', '80', 65_536))).toBe('item_count');
    expect(refusal(items('99ffff', link, 65_535))).toBeUndefined();
    expect(refusal(items('997fff', '8101', 32_767))).toBeUndefined();
    expect(refusal(items('998000', '8101', 32_768))).toBe('item_count');
  });

  it('takes 16 levels and refuses 17 [DML-OBJ-0216]', () => {
    expect(refusal(`${'81'.repeat(15)}80`)).toBeUndefined();
    expect(refusal(`${'81'.repeat(16)}80`)).toBe('nesting_depth');
    expect(refusal(`${'8180'.repeat(1)}`)).toBeUndefined();
    expect(refusal(`86${`${'81'.repeat(14)}80`.repeat(6)}`)).toBeUndefined();
  });
});
