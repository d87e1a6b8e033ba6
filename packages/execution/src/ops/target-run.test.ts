import { describe, expect, it } from 'vitest';
import type { Phase } from './op-definition.ts';
import type { PlannedOp } from './op-plan.ts';
import { endOf } from './op-report.ts';
import {
  type PhaseCall,
  type PhaseCalls,
  type PhaseOutcome,
  runTarget,
  validateTarget,
} from './target-run.ts';

const target = { id: 'web-1', value: 'web-1' };
const lost: PhaseOutcome = { type: 'lost', reason: 'timeout: 5 ms' };
const threw: PhaseOutcome = { type: 'threw', reason: 'Error: refused' };
const returned = (value: unknown): PhaseOutcome => ({ type: 'returned', value });

function op(name: string, phases: readonly Phase[], retries = 0): PlannedOp {
  return {
    name,
    retries,
    phases: Object.fromEntries(phases.map((phase) => [phase, { timeoutMs: 1, natives: [] }])),
  };
}

const nameOf = ({ op: { name }, phase, attempt }: PhaseCall): string => `${name}.${phase}.${attempt}`;

/** Phases that end as a test says, in place of worker threads and a store. */
class ScriptedCalls implements PhaseCalls {
  /** Phases that ran and pauses, in order. */
  readonly ran: string[] = [];
  readonly #outcomes: Readonly<Record<string, PhaseOutcome>>;
  readonly #before: Readonly<Record<string, PhaseOutcome | 'interrupted'>>;

  constructor(
    outcomes: Readonly<Record<string, PhaseOutcome>>,
    before: Readonly<Record<string, PhaseOutcome | 'interrupted'>> = {},
  ) {
    this.#outcomes = outcomes;
    this.#before = before;
  }

  known(call: PhaseCall): PhaseOutcome | undefined {
    const before = this.#before[nameOf(call)];
    return before === 'interrupted' ? undefined : before;
  }

  wasBegun(call: PhaseCall): boolean {
    return nameOf(call) in this.#before;
  }

  async run(call: PhaseCall): Promise<PhaseOutcome> {
    this.ran.push(nameOf(call));
    return this.#outcomes[nameOf(call)] ?? returned(true);
  }

  async pause(attempt: number): Promise<void> {
    this.ran.push(`pause ${attempt}`);
  }

  /** Applies ops and returns the phases that ran and the end of the target. */
  async apply(...ops: readonly PlannedOp[]): Promise<{ ran: string[]; end: object }> {
    const end = endOf(await runTarget(target, ops, this));
    return { ran: this.ran, end };
  }
}

const ALL: readonly Phase[] = ['validate', 'execute', 'postCheck'];

describe('runTarget', () => {
  it('runs the phases of each op in order, and an op after the one before [DML-EXE-1901] [DML-EXE-1902]', async () => {
    const calls = new ScriptedCalls({});
    expect(await calls.apply(op('a', ALL), op('b', ['execute']))).toEqual({
      ran: ['a.validate.1', 'a.execute.1', 'a.postCheck.1', 'b.execute.1'],
      end: { state: 'OK' },
    });
  });

  it.each([
    ['a.validate.1', returned('no disk'), 'validate', 'no disk', ['a.validate.1']],
    ['a.execute.1', threw, 'execute', 'Error: refused', ['a.validate.1', 'a.execute.1']],
    [
      'a.postCheck.1',
      returned(false),
      'postCheck',
      'it returned false',
      ['a.validate.1', 'a.execute.1', 'a.postCheck.1'],
    ],
  ])('skips what follows a failure of %s [DML-EXE-1903]', async (at, outcome, phase, reason, ran) => {
    const ended = await new ScriptedCalls({ [at]: outcome }).apply(op('a', ALL), op('b', ['execute']));
    expect(ended.ran).toEqual(ran);
    expect(ended.end).toMatchObject({ state: 'FAILED', op: 'a', phase, reason, attempt: 1 });
    expect(ended.end).toHaveProperty('state', 'FAILED');
    expect('doubtful' in ended.end).toBe(phase === 'postCheck');
  });

  it.each([
    [false, 'it returned false'],
    ['no disk', 'no disk'],
    ['', /^it returned an empty text; a check returns true, false or a text/],
    [null, /^it returned null;/],
    [1, /^it returned a value of type number;/],
    [['yes'], /^it returned a list;/],
    [{}, /^it returned a value of type object;/],
  ])('takes %j of a check for a failure [DML-EXE-3707]', async (value, reason) => {
    const calls = new ScriptedCalls({ 'a.validate.1': returned(value) });
    const { end } = await calls.apply(op('a', ALL));
    expect(end).toMatchObject({ state: 'FAILED', phase: 'validate', reason: expect.stringMatching(reason) });
  });

  it('executes an op once that is not retryable [DML-EXE-1907]', async () => {
    const failed = await new ScriptedCalls({ 'a.execute.1': threw }).apply(op('a', ALL));
    expect(failed).toEqual({
      ran: ['a.validate.1', 'a.execute.1'],
      end: { state: 'FAILED', op: 'a', phase: 'execute', attempt: 1, reason: 'Error: refused' },
    });
    const unknown = await new ScriptedCalls({ 'a.execute.1': lost, 'a.postCheck.1': returned(false) }).apply(
      op('a', ALL),
    );
    expect(unknown.ran).toEqual(['a.validate.1', 'a.execute.1', 'a.postCheck.1']);
  });

  it.each([
    ['failed', threw],
    ['has no outcome', lost],
  ])('asks the post-check after an execution that %s [DML-EXE-3703]', async (_, outcome) => {
    const retryable = op('a', ALL, 2);
    const passed = await new ScriptedCalls({ 'a.execute.1': outcome }).apply(retryable);
    expect(passed).toEqual({ ran: ['a.validate.1', 'a.execute.1', 'a.postCheck.1'], end: { state: 'OK' } });
    const again = await new ScriptedCalls({
      'a.execute.1': outcome,
      'a.postCheck.1': returned('not there'),
    }).apply(retryable);
    expect(again).toEqual({
      ran: ['a.validate.1', 'a.execute.1', 'a.postCheck.1', 'pause 1', 'a.execute.2', 'a.postCheck.2'],
      end: { state: 'OK' },
    });
  });

  it('gives up after the last execution, having asked the post-check [DML-EXE-3703]', async () => {
    const no = returned(false);
    const calls = new ScriptedCalls({
      'a.execute.1': threw,
      'a.execute.2': threw,
      'a.postCheck.1': no,
      'a.postCheck.2': no,
    });
    expect(await calls.apply(op('a', ['execute', 'postCheck'], 1))).toEqual({
      ran: ['a.execute.1', 'a.postCheck.1', 'pause 1', 'a.execute.2', 'a.postCheck.2'],
      end: { state: 'FAILED', op: 'a', phase: 'execute', attempt: 2, reason: 'Error: refused' },
    });
  });

  it('has no way to resolve an execution without an outcome but a post-check [DML-EXE-3704]', async () => {
    for (const retries of [0, 3])
      expect(await new ScriptedCalls({ 'a.execute.1': lost }).apply(op('a', ['execute'], retries))).toEqual({
        ran: ['a.execute.1'],
        end: {
          state: 'FAILED',
          op: 'a',
          phase: 'execute',
          attempt: 1,
          reason: 'timeout: 5 ms',
          doubtful: true,
        },
      });
  });

  it.each([
    ['throws', threw, 'Error: refused'],
    ['is lost', lost, 'timeout: 5 ms'],
    ['returns nonsense', returned(7), 'it returned a value of type number'],
  ])('takes an effect for doubtful whose post-check %s [DML-EXE-3705]', async (_, outcome, reason) => {
    for (const execution of [lost, threw]) {
      const calls = new ScriptedCalls({ 'a.execute.1': execution, 'a.postCheck.1': outcome });
      const { ran, end } = await calls.apply(op('a', ['execute', 'postCheck'], 2));
      expect(ran).toEqual(['a.execute.1', 'a.postCheck.1']);
      expect(end).toMatchObject({
        state: 'FAILED',
        phase: 'postCheck',
        reason: expect.stringContaining(reason),
        doubtful: true,
      });
    }
  });

  it('takes an effect for doubtful that may not be tried again [DML-EXE-3706]', async () => {
    const calls = new ScriptedCalls({ 'a.execute.1': lost, 'a.postCheck.1': returned('not there') });
    expect(await calls.apply(op('a', ['execute', 'postCheck']))).toEqual({
      ran: ['a.execute.1', 'a.postCheck.1'],
      end: {
        state: 'FAILED',
        op: 'a',
        phase: 'execute',
        attempt: 1,
        reason: 'timeout: 5 ms; its post-check: not there',
        doubtful: true,
      },
    });
  });

  it('goes on after what succeeded before [DML-EXE-1909]', async () => {
    const before = {
      'a.validate.1': returned(true),
      'a.execute.1': returned(null),
      'a.postCheck.1': returned(true),
    };
    const calls = new ScriptedCalls({}, before);
    expect(await calls.apply(op('a', ALL), op('b', ['execute']))).toEqual({
      ran: ['b.execute.1'],
      end: { state: 'OK' },
    });
  });

  it('checks an interrupted execution before it executes again [DML-EXE-1910] [DML-EXE-3721]', async () => {
    const before = { 'a.validate.1': returned(true), 'a.execute.1': 'interrupted' as const };
    const happened = new ScriptedCalls({}, before);
    expect(await happened.apply(op('a', ALL, 2))).toEqual({ ran: ['a.postCheck.1'], end: { state: 'OK' } });
    const not = { 'a.postCheck.1': returned(false) };
    const again = new ScriptedCalls(not, before);
    expect((await again.apply(op('a', ALL, 2))).ran).toEqual([
      'a.postCheck.1',
      'pause 1',
      'a.execute.2',
      'a.postCheck.2',
    ]);
    const once = await new ScriptedCalls(not, before).apply(op('a', ALL));
    expect(once).toMatchObject({ ran: ['a.postCheck.1'], end: { state: 'FAILED', doubtful: true } });
  });

  it('asks again where an old answer would let an op be executed again [DML-EXE-1910]', async () => {
    const before = { 'a.execute.1': 'interrupted' as const, 'a.postCheck.1': returned(false) };
    const calls = new ScriptedCalls({ 'a.postCheck.1': returned(true) }, before);
    expect(await calls.apply(op('a', ['execute', 'postCheck'], 2))).toEqual({
      ran: ['a.postCheck.1'],
      end: { state: 'OK' },
    });
    const begunAgain = { ...before, 'a.execute.2': returned(null) };
    const second = new ScriptedCalls({}, begunAgain);
    expect((await second.apply(op('a', ['execute', 'postCheck'], 2))).ran).toEqual(['a.postCheck.2']);
  });
});

describe('validateTarget', () => {
  it('runs the validations of all ops and nothing else [DML-EXE-1912]', async () => {
    const calls = new ScriptedCalls({ 'c.validate.1': returned('full') });
    const ops = [op('a', ALL), op('b', ['execute']), op('c', ALL), op('d', ALL)];
    expect(endOf(await validateTarget(target, ops, calls))).toMatchObject({
      state: 'FAILED',
      op: 'c',
      reason: 'full',
    });
    expect(calls.ran).toEqual(['a.validate.1', 'c.validate.1']);
  });
});
