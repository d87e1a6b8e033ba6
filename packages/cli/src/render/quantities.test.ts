import { formatSize } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { formatAge, formatDuration, formatInteger, formatTime, isoTime } from './quantities.ts';

describe('quantities', () => {
  it.each([
    [0, '1970-01-01 00:00:00Z', '1970-01-01T00:00:00.000Z'],
    [1_772_373_909_007, '2026-03-01 14:05:09Z', '2026-03-01T14:05:09.007Z'],
    [8.64e15, '+275760-09-13 00:00:00Z', '+275760-09-13T00:00:00.000Z'],
    [8.64e15 + 1, '8640000000000001 ms', '8640000000000001 ms'],
    [2 ** 53 - 1, '9007199254740991 ms', '9007199254740991 ms'],
  ])('the time %d is %s [DML-CLI-3786]', (timeMs, text, iso) => {
    expect(formatTime(timeMs)).toBe(text);
    expect(isoTime(timeMs)).toBe(iso);
  });

  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min 0 s'],
    [119_700, '2 min 0 s'],
    [3_600_000, '60 min 0 s'],
  ])('%d ms are %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [3 * 1024 ** 3, '3.0 GiB'],
    [1024 ** 5, '1024.0 TiB'],
  ])('%d bytes are %s', (sizeBytes, text) => {
    expect(formatSize(sizeBytes)).toBe(text);
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1_234_567, '1,234,567'],
  ])('%d is %s', (integer, text) => {
    expect(formatInteger(integer)).toBe(text);
  });

  it.each([
    [999, 'just now'],
    [1000, '1 second ago'],
    [59_000, '59 seconds ago'],
    [7_200_000, '2 hours ago'],
    [-5000, 'just now'],
  ])('%d ms of age are %s', (ageMs, text) => {
    expect(formatAge(1_000_000_000, 1_000_000_000 + ageMs)).toBe(text);
  });

  it('a time is UTC', () => {
    expect(formatTime(0)).toBe('1970-01-01 00:00:00Z');
  });
});
