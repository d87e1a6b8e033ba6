import { functions } from '@daggerml/capture';
import { describe, expect, it } from 'vitest';
import { checkOps, type OpDefinition, retriesOf, targetsOf, timeoutOf } from './op-definition.ts';
import { outcomeOf, type TargetState } from './op-report.ts';

const { run } = functions<{ run: () => boolean }>('file:///steps.ts');
const execute = run as unknown as OpDefinition['execute'];
const op = (more: object = {}): OpDefinition => ({ name: 'deploy', execute, ...more });

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return String(error);
  }
  return 'accepted';
}

describe('checkOps', () => {
  it.each([
    [{ name: 'a b', ops: [op()] }, /name of a pipeline of ops is letters.* not "a b"$/],
    [{ name: 7 as never, ops: [op()] }, /not 7$/],
    [{ name: 'n'.repeat(65), ops: [op()] }, /not "n+… \(67 characters\)$/],
    [{ name: 'rollout', ops: [] }, /no ops/],
    [{ name: 'rollout', ops: [op(), op()] }, /two ops have the name "deploy"/],
    [{ name: 'rollout', ops: [op({ name: '\u001b[2J' })] }, /name of an op is .* not "\\u001b\[2J"$/],
    [{ name: 'rollout', ops: [op({ name: '-x' })] }, /not "-x"$/],
    [{ name: 'rollout', ops: [op({ name: 'e\u0301' })] }, /not "e\\u\{301\}"$/],
    [{ name: 'rollout', ops: [op({ execute: undefined })] }, /"deploy" has no execute/],
    [
      { name: 'rollout', ops: [op({ execute: () => null })] },
      /execute of the op "deploy" is no function reference/,
    ],
    [
      { name: 'rollout', ops: [op({ postCheck: 1 })] },
      /postCheck of the op "deploy" is no function reference/,
    ],
    [{ name: 'rollout', ops: [op({ timeoutMs: 0 })] }, /timeoutMs of the op "deploy"/],
    [{ name: 'rollout', ops: [op({ timeoutMs: { validate: 1.5 } })] }, /timeoutMs/],
    [{ name: 'rollout', ops: [op({ timeoutMs: 2 ** 31 })] }, /timeoutMs/],
    [{ name: 'rollout', ops: [op({ retryable: true, retries: -1 })] }, /retries of the op "deploy"/],
    [{ name: 'rollout', ops: [op({ retries: 2 })] }, /has retries and is not retryable/],
  ])('refuses what could not run (%#) [DML-EXE-3700]', (definition, reason) => {
    expect(refusal(() => checkOps(definition))).toMatch(/op_invalid: the ops cannot run: /);
    expect(refusal(() => checkOps(definition))).toMatch(reason);
  });

  it('accepts what can [DML-EXE-3700]', () => {
    const ops = [op(), op({ name: 'prüfen_2', retryable: true, retries: 1, timeoutMs: { execute: 1 } })];
    expect(refusal(() => checkOps({ name: 'roll-out', ops }))).toBe('accepted');
  });

  it('gives every phase a limit [DML-EXE-1906]', () => {
    expect(timeoutOf(op(), 'execute')).toBe(600_000);
    expect(timeoutOf(op({ timeoutMs: 5 }), 'postCheck')).toBe(5);
    const own = op({ timeoutMs: { execute: 7 } });
    expect([timeoutOf(own, 'execute'), timeoutOf(own, 'validate')]).toEqual([7, 600_000]);
  });

  it('gives further executions to retryable ops alone [DML-EXE-1907]', () => {
    expect(
      [op(), op({ retryable: false }), op({ retryable: true }), op({ retryable: true, retries: 9 })].map(
        retriesOf,
      ),
    ).toEqual([0, 0, 2, 9]);
  });
});

describe('targetsOf', () => {
  it.each([
    [[], /there are no targets/],
    ['web-1', /no list/],
    [undefined, /no list/],
    [['a', null], /targets\[1\] is no text and has no id/],
    [[{ name: 'a' }], /targets\[0\] is no text and has no id/],
    [[{ id: 7 }], /targets\[0\]/],
    [[''], /id of targets\[0\]/],
    [['a\nb'], /not "a\\nb"$/],
    [['\u001b[2J'], /not "\\u001b\[2J"$/],
    [['\u202eevil'], /not "\\u\{202e\}evil"$/],
    [['\u2028'], /not/],
    [['e\u0301'], /not "e\\u\{301\}"$/],
    [['\ud800'], /not "\\ud800"$/],
    [['..'], /not "\.\."$/],
    [['x'.repeat(161)], /not "x+… \(163 characters\)$/],
    [['a', { id: 'b' }, 'b'], /targets\[1\] and targets\[2\] have the same id "b"/],
  ])('refuses %j [DML-EXE-3701]', (targets, reason) => {
    expect(refusal(() => targetsOf(targets))).toMatch(/op_invalid: the ops cannot run: /);
    expect(refusal(() => targetsOf(targets))).toMatch(reason);
  });

  it('takes names and values with an id as they are [DML-EXE-3701]', () => {
    const value = { id: 'größe/2 x', port: 1 };
    expect(targetsOf(['a', value, 'x'.repeat(160)])).toEqual([
      { id: 'a', value: 'a' },
      { id: 'größe/2 x', value },
      { id: 'x'.repeat(160), value: 'x'.repeat(160) },
    ]);
  });
});

describe('outcomeOf', () => {
  it.each([
    ['OK OK', 'COMPLETE'],
    ['OK FAILED', 'PARTIAL'],
    ['FAILED FAILED', 'FAILED'],
    ['OK CANCELLED', 'CANCELLED'],
    ['FAILED CANCELLED OK', 'CANCELLED'],
  ])('of %s is %s [DML-EXE-1905]', (states, outcome) => {
    expect(outcomeOf(states.split(' ').map((state) => ({ state: state as TargetState })))).toBe(outcome);
  });
});
