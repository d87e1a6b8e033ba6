import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CallEvent, type CallState, initialState, isFinal, nextState, pauseMs } from './machine.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const budget = { maxAttempts: 3, baseMs: 100, maxMs: 1000 };
const failure = { code: 'worker_lost', reason: 'killed' };
const attempting = { attempt: 1, budget, token: undefined };
const states: Record<string, CallState> = {
  resolve_call_node: initialState(budget),
  poll_adapter: { name: 'poll_adapter', ...attempting },
  retry_wait: { name: 'retry_wait', ...attempting },
  integrate_ok: { name: 'integrate_ok', ...attempting },
  integrate_error: { name: 'integrate_error', ...attempting },
  pinned_hit: { name: 'pinned_hit' },
  complete: { name: 'complete' },
  failed_terminal: { name: 'failed_terminal', failure },
};
const events: Record<string, CallEvent> = {
  pin_found: { type: 'pin_found' },
  cached_exec_found: { type: 'cached_exec_found', status: 'ok' },
  cached_error_found: { type: 'cached_exec_found', status: 'error' },
  input_failed: { type: 'input_failed', failure },
  must_run: { type: 'must_run' },
  pending: { type: 'pending', token: 't1', pollAfterMs: 7 },
  done_ok: { type: 'done_ok' },
  done_error: { type: 'done_error' },
  infrastructure_failure: { type: 'infrastructure_failure', failure, jitter: 0 },
  refused: { type: 'refused', failure },
  timer_fired: { type: 'timer_fired' },
  integrated: { type: 'integrated' },
  answer_lost: { type: 'answer_lost' },
  integrate_failed: { type: 'integrate_failed', failure, jitter: 0 },
  cancelled: { type: 'cancelled', failure },
};
/** The table of the specification's section on the machine: state, event, next state, effects. */
const table: readonly [string, string, string, string][] = [
  ['resolve_call_node', 'pin_found', 'pinned_hit', 'settle'],
  ['resolve_call_node', 'cached_exec_found', 'integrate_ok', 'integrate'],
  ['resolve_call_node', 'cached_error_found', 'integrate_error', 'integrate'],
  ['resolve_call_node', 'input_failed', 'failed_terminal', 'settle'],
  ['resolve_call_node', 'must_run', 'poll_adapter', 'submit'],
  ['resolve_call_node', 'cancelled', 'failed_terminal', 'settle'],
  ['poll_adapter', 'pending', 'poll_adapter', 'poll'],
  ['poll_adapter', 'done_ok', 'integrate_ok', 'integrate'],
  ['poll_adapter', 'done_error', 'integrate_error', 'integrate'],
  ['poll_adapter', 'infrastructure_failure', 'retry_wait', 'start_timer'],
  ['poll_adapter', 'refused', 'failed_terminal', 'settle'],
  ['poll_adapter', 'cancelled', 'failed_terminal', 'stop_attempt settle'],
  ['retry_wait', 'timer_fired', 'poll_adapter', 'submit'],
  ['retry_wait', 'cancelled', 'failed_terminal', 'settle'],
  ...['integrate_ok', 'integrate_error'].flatMap((state): [string, string, string, string][] => [
    [state, 'integrated', 'complete', 'settle'],
    [state, 'answer_lost', 'resolve_call_node', ''],
    [state, 'integrate_failed', 'retry_wait', 'start_timer'],
    [state, 'cancelled', 'failed_terminal', 'settle'],
  ]),
];

describe('nextState', () => {
  it('moves as the table says [DML-EXE-0601]', () => {
    for (const [state, event, next, effects] of table) {
      const transition = nextState(states[state]!, events[event]!);
      const row = `${state} on ${event}`;
      expect([row, transition.state.name]).toEqual([row, next]);
      expect([row, transition.effects.map((effect) => effect.type).join(' ')]).toEqual([row, effects]);
    }
    const spent: CallState = { name: 'poll_adapter', ...attempting, attempt: 3 };
    expect(nextState(spent, events.infrastructure_failure!).state).toEqual({
      name: 'failed_terminal',
      failure,
    });
    const kept: CallState = { name: 'integrate_ok', ...attempting, token: 't1' };
    const waiting = nextState(kept, events.integrate_failed!).state;
    expect(nextState(waiting, events.timer_fired!).effects).toEqual([
      { type: 'poll', token: 't1', afterMs: 0 },
    ]);
  });

  it('refuses every other event [DML-EXE-0602]', () => {
    const listed = new Set(table.map(([state, event]) => `${state} ${event}`));
    let refused = 0;
    for (const [state, value] of Object.entries(states).filter(([, value]) => !isFinal(value))) {
      for (const [event, given] of Object.entries(events)) {
        if (listed.has(`${state} ${event}`)) continue;
        expect(() => nextState(value, given)).toThrow(
          expect.objectContaining({ code: 'illegal_transition' }),
        );
        refused += 1;
      }
    }
    expect(refused).toBe(5 * Object.keys(events).length - table.length);
  });

  it('leaves a final state on no event [DML-EXE-0603]', () => {
    for (const state of Object.values(states).filter(isFinal)) {
      for (const event of Object.values(events))
        expect(nextState(state, event)).toEqual({ state, effects: [] });
    }
  });

  it('submits until the attempts are used up, then ends with the last failure [DML-EXE-0907]', () => {
    let state = nextState(initialState(budget), { type: 'must_run' }).state;
    let submits = 1;
    while (!isFinal(state)) {
      state = nextState(state, { type: 'infrastructure_failure', failure, jitter: 0 }).state;
      if (isFinal(state)) break;
      const resumed = nextState(state, { type: 'timer_fired' });
      submits += resumed.effects.filter((effect) => effect.type === 'submit').length;
      state = resumed.state;
    }
    expect(submits).toBe(3);
    expect(state).toEqual({ name: 'failed_terminal', failure });
  });

  it('ends under any sequence of events with at most one settlement', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.values(events)), { maxLength: 60 }), (sequence) => {
        let state = initialState(budget);
        let settlements = 0;
        for (const event of sequence) {
          try {
            const transition = nextState(state, event);
            state = transition.state;
            settlements += transition.effects.filter((effect) => effect.type === 'settle').length;
          } catch {}
        }
        expect(settlements).toBe(isFinal(state) ? 1 : 0);
      }),
    );
  });
});

describe('pauseMs', () => {
  it('lies between half of and the whole of the doubled base, below the limit [DML-EXE-0908]', () => {
    const pauses = [1, 2, 3, 4, 5, 6].map((attempt) => [
      pauseMs(budget, attempt, 0),
      pauseMs(budget, attempt, 0.999999),
    ]);
    const wholes = [100, 200, 400, 800, 1000, 1000];
    pauses.forEach(([least, most], index) => {
      expect(least).toBe(wholes[index]! / 2);
      expect(most).toBeGreaterThan(wholes[index]! * 0.99);
      expect(most).toBeLessThanOrEqual(wholes[index]!);
    });
  });
});
