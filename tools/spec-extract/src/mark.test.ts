import { describe, expect, it } from 'vitest';
import { parseMarks } from './mark.ts';

describe('parseMarks', () => {
  it('reads every mark of the table', () => {
    const disposition = (text: string): unknown => parseMarks(text).marks.disposition;
    expect(disposition('Names')).toEqual({ kind: 'in_force' });
    expect(disposition('{planned} Names')).toEqual({ kind: 'planned' });
    expect(disposition('{retired} Names')).toEqual({ kind: 'retired' });
    expect(disposition('{measured} Names')).toEqual({ kind: 'measured' });
    expect(disposition('{implied: types} Names')).toEqual({ kind: 'implied' });
    expect(disposition('{implied: compiler} Names')).toEqual({ kind: 'implied' });
    expect(disposition('{exception: a, b\n  c; until 2027-02-28} Names')).toEqual({
      kind: 'exception',
      reason: 'a, b c',
      until: '2027-02-28',
    });
  });

  it('joins norm with any other mark, in one group or two', () => {
    for (const text of ['{norm} {planned} Names', ' {planned,norm}Names', '{norm, planned} Names']) {
      expect(parseMarks(text)).toEqual({
        marks: { norm: true, disposition: { kind: 'planned' } },
        invalid: [],
        rest: 'Names',
      });
    }
  });

  it('hands back what is no mark [DML-TRC-0201]', () => {
    expect(parseMarks('{soon} {planned} Names').invalid).toEqual(['soon']);
    expect(parseMarks('{implied: hope} Names').invalid).toEqual(['implied: hope']);
    expect(parseMarks('{implied} Names').invalid).toEqual(['implied']);
    expect(parseMarks('{} Names').invalid).toEqual(['']);
    expect(parseMarks('{Planned} Names').invalid).toEqual(['Planned']);
  });

  it('refuses an exception without a reason or a valid date [DML-TRC-0202]', () => {
    const wrong = [
      'exception: a',
      'exception: ; until 2027-01-01',
      'exception: a; until 2027-02-30',
      'exception: a; until soon',
    ];
    for (const mark of wrong) expect(parseMarks(`{${mark}} Names`).invalid).toEqual([mark]);
    expect(parseMarks('{exception: a; until 2028-02-29} Names').invalid).toEqual([]);
  });

  it('refuses two marks that decide the state [DML-TRC-0204]', () => {
    expect(parseMarks('{planned} {retired} Names').invalid).toEqual(['planned + retired']);
    expect(parseMarks('{planned} {implied: types} Names').invalid).toEqual(['planned + implied']);
  });

  it('leaves braces inside the text alone', () => {
    expect(parseMarks('{norm} The form `{a}` {b}').rest).toBe('The form `{a}` {b}');
  });
});
