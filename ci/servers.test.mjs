import { expect, it } from 'vitest';
import { problemsOfFigures, SERVERS } from './servers.mjs';

const good = { passed: 37, failed: [], missing: 'remote_missing', refused: 'remote_refused', large: 'whole' };

it('is green for a good server that passes everything', () => {
  expect(problemsOfFigures('versitygw', good)).toEqual([]);
});

it('names what a good server breaks', () => {
  const figures = { ...good, failed: ['reads ranges: no'], refused: 'none', large: 'other bytes' };
  expect(problemsOfFigures('versitygw', figures)).toEqual([
    'versitygw: reads ranges: no',
    'versitygw: refused is none, not remote_refused',
    'versitygw: large is other bytes, not whole',
  ]);
});

it('is red for a bad server that is not found out', () => {
  const bad = Object.keys(SERVERS).filter((name) => !SERVERS[name].isGood);
  expect(bad).toHaveLength(4);
  for (const name of bad) {
    expect(problemsOfFigures(name, { passed: 3, failed: [] })).toHaveLength(1);
    expect(problemsOfFigures(name, { passed: 2, failed: ['lets one of 16: no'] })).toEqual([]);
  }
});
