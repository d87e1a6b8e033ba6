import { expect, it } from 'vitest';
import { problemsOfFigures, SERVERS } from './servers.mjs';

const good = {
  verdict: 'safe',
  passed: 37,
  failed: [],
  missing: 'remote_missing',
  refused: 'remote_refused',
  large: 'whole',
};

it('is green for a good server that passes everything', () => {
  expect(problemsOfFigures('versitygw', good)).toEqual([]);
});

it('names what a good server breaks', () => {
  const figures = {
    ...good,
    failed: ['reads ranges: no'],
    verdict: 'degraded',
    refused: 'none',
    large: 'other bytes',
  };
  expect(problemsOfFigures('versitygw', figures)).toEqual([
    'versitygw: reads ranges: no',
    'versitygw: verdict is degraded, not safe',
    'versitygw: refused is none, not remote_refused',
    'versitygw: large is other bytes, not whole',
  ]);
});

it('is red for a bad server that is not found out', () => {
  const bad = Object.keys(SERVERS).filter((name) => !SERVERS[name].isGood);
  expect(bad).toHaveLength(4);
  for (const name of bad) {
    expect(problemsOfFigures(name, { verdict: 'safe' })).toEqual([`${name}: the check took it for safe`]);
    expect(problemsOfFigures(name, { verdict: 'degraded' })).toHaveLength(1);
    expect(problemsOfFigures(name, { verdict: 'unsafe' })).toEqual([]);
  }
});
