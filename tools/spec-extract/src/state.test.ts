import { describe, expect, it } from 'vitest';
import type { CitingTest } from './requirement-index.ts';
import { deriveState, isProven, type StateInput } from './state.ts';
import type { TestOutcome } from './test-result.ts';

const tests = (...states: TestOutcome[]): CitingTest[] =>
  states.map((state, index) => ({ file: 'a.test.ts', title: `t${index}`, state }));

const good: StateInput = {
  disposition: 'in_force',
  fingerprint: 'aa',
  reviewed: 'aa',
  ownerCount: 1,
  tests: tests('passed'),
};
const bad = { fingerprint: 'bb', ownerCount: 0, tests: tests('failed') };

describe('deriveState', () => {
  it('goes through the table from the top [DML-TRC-0501]', () => {
    expect(deriveState({ ...good, ...bad, disposition: 'retired' })).toBe('retired');
    expect(deriveState({ ...good, ...bad, disposition: 'planned' })).toBe('planned');
    expect(deriveState({ ...good, ...bad, disposition: 'exception' })).toBe('exception');
    expect(deriveState({ ...good, fingerprint: 'bb' })).toBe('suspect');
    expect(deriveState({ ...good, reviewed: undefined })).toBe('suspect');
    expect(deriveState({ ...good, disposition: 'implied', fingerprint: 'bb' })).toBe('suspect');
    expect(deriveState({ ...good, disposition: 'implied' })).toBe('implied');
    expect(deriveState({ ...good, disposition: 'measured', fingerprint: 'bb' })).toBe('suspect');
    expect(deriveState(good)).toBe('verified');
    expect(deriveState({ ...good, tests: [] })).toBe('open');
  });

  it('needs exactly one owner [DML-TRC-0501]', () => {
    expect(deriveState({ ...good, ownerCount: 0 })).toBe('open');
    expect(deriveState({ ...good, ownerCount: 2 })).toBe('open');
    expect(deriveState({ ...good, disposition: 'implied', ownerCount: 0 })).toBe('open');
  });

  it('asks neither an owner nor a test of a measured requirement [DML-TRC-0990]', () => {
    expect(deriveState({ ...good, ...bad, fingerprint: 'aa', disposition: 'measured' })).toBe('measured');
    expect(deriveState({ ...good, disposition: 'measured', ownerCount: 0, tests: [] })).toBe('measured');
  });

  it('asks no test of an implied requirement [DML-TRC-0505]', () => {
    expect(deriveState({ ...good, disposition: 'implied', tests: [] })).toBe('implied');
  });
});

describe('isProven', () => {
  it('takes a test that ran and passed, and no other [DML-TRC-0402]', () => {
    expect(isProven(tests('passed'))).toBe(true);
    expect(isProven(tests('skipped', 'passed'))).toBe(true);
    expect(isProven(tests('skipped'))).toBe(false);
    expect(isProven([])).toBe(false);
  });

  it('takes nothing beside a failing test [DML-TRC-0403]', () => {
    expect(isProven(tests('passed', 'failed', 'passed'))).toBe(false);
    expect(isProven(tests('failed'))).toBe(false);
  });
});
