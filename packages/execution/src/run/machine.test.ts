import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CallEvent, type CallState, initialState, isFinal, nextState, pauseMs } from './machine.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const budget = { maxAttempts: 3, baseMs: 100, maxMs: 1000 };
const failure = { code: 'worker_lost', reason: 'killed' };
const first = { attempt: 1, budget, token: undefined };
const last = { attempt: 3, budget, token: 'kept' };
const states: Record<string, CallState> = {
  resolve_call_node: initialState(budget),
  tentative: { name: 'tentative', budget },
  shared_look_up: { name: 'shared_look_up', budget },
  claiming: { name: 'claiming', budget },
  claim_wait: { name: 'claim_wait', budget },
  poll_adapter: { name: 'poll_adapter', ...first },
  retry_wait: { name: 'retry_wait', ...first },
  integrate_ok: { name: 'integrate_ok', ...first },
  integrate_error: { name: 'integrate_error', ...first },
  pinned_hit: { name: 'pinned_hit' },
  complete: { name: 'complete' },
  failed_terminal: { name: 'failed_terminal', failure },
};
const events: Record<CallEvent['type'], CallEvent> = {
  inputs_known: { type: 'inputs_known' },
  pin_found: { type: 'pin_found' },
  cached_exec_found: { type: 'cached_exec_found' },
  outcome_made: { type: 'outcome_made', status: 'ok' },
  evaluated: { type: 'evaluated' },
  input_failed: { type: 'input_failed', failure },
  must_run: { type: 'must_run' },
  may_be_shared: { type: 'may_be_shared' },
  must_claim: { type: 'must_claim' },
  claimed: { type: 'claimed' },
  claimed_elsewhere: { type: 'claimed_elsewhere', afterMs: 9 },
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
const settled = [{ type: 'settle' }];
const failed = { state: { name: 'failed_terminal', failure }, effects: settled };
const timer = [{ type: 'start_timer', afterMs: 50, failure }];

/** Gives a state an event and compares what follows, whole. */
function expectRow(
  state: CallState,
  event: CallEvent,
  transition: { state: object; effects: object[] },
): void {
  expect(nextState(state, event)).toEqual(transition);
}

function at(name: string, type: CallEvent['type'], transition: { state: object; effects: object[] }): void {
  expectRow(states[name] as CallState, events[type], transition);
}

/** The events that each state expects. */
const expected: Readonly<Record<string, readonly CallEvent['type'][]>> = {
  resolve_call_node: [
    'inputs_known',
    'pin_found',
    'cached_exec_found',
    'outcome_made',
    'evaluated',
    'input_failed',
    'must_run',
    'may_be_shared',
    'cancelled',
  ],
  shared_look_up: ['outcome_made', 'must_claim', 'must_run', 'cancelled'],
  claiming: ['claimed', 'claimed_elsewhere', 'must_run', 'cancelled'],
  claim_wait: ['timer_fired', 'cancelled'],
  tentative: ['integrated', 'answer_lost', 'cancelled'],
  poll_adapter: ['pending', 'done_ok', 'done_error', 'infrastructure_failure', 'refused', 'cancelled'],
  retry_wait: ['timer_fired', 'cancelled'],
  integrate_ok: ['integrated', 'integrate_failed', 'cancelled'],
  integrate_error: ['integrated', 'integrate_failed', 'cancelled'],
};

describe('a call that is resolved', () => {
  it('is looked up once its inputs are known [DML-EXE-2301]', () => {
    at('resolve_call_node', 'inputs_known', {
      state: states.resolve_call_node as CallState,
      effects: [{ type: 'look_up' }],
    });
  });

  it('is settled by a pin [DML-EXE-2302]', () => {
    at('resolve_call_node', 'pin_found', { state: { name: 'pinned_hit' }, effects: settled });
  });

  it('is tentative while a cached exec is integrated [DML-EXE-2303]', () => {
    at('resolve_call_node', 'cached_exec_found', {
      state: { name: 'tentative', budget },
      effects: [{ type: 'integrate' }],
    });
  });

  it('integrates an outcome that was just made, by its status, without an attempt [DML-EXE-2304]', () => {
    for (const status of ['ok', 'error'] as const) {
      expectRow(
        initialState(budget),
        { type: 'outcome_made', status },
        {
          state: { name: `integrate_${status}`, attempt: 0, budget, token: undefined },
          effects: [{ type: 'integrate' }],
        },
      );
    }
  });

  it('is complete when it was evaluated [DML-EXE-2305]', () => {
    at('resolve_call_node', 'evaluated', { state: { name: 'complete' }, effects: settled });
  });

  it('fails with a failed input [DML-EXE-2306]', () => {
    at('resolve_call_node', 'input_failed', failed);
  });

  it('is submitted when it must run, as the first attempt [DML-EXE-2307]', () => {
    at('resolve_call_node', 'must_run', {
      state: states.poll_adapter as CallState,
      effects: [{ type: 'submit', attempt: 1 }],
    });
  });
});

describe('a call whose outcome others may have', () => {
  const lookUpShared = {
    state: states.shared_look_up as CallState,
    effects: [{ type: 'look_up_shared' }],
  };
  const submitted = {
    state: states.poll_adapter as CallState,
    effects: [{ type: 'submit', attempt: 1 }],
  };

  it('is looked up in the shared cache [DML-EXE-2350]', () => {
    at('resolve_call_node', 'may_be_shared', lookUpShared);
  });

  it('integrates what was found, by its status, without an attempt [DML-EXE-2351]', () => {
    for (const status of ['ok', 'error'] as const) {
      expectRow(
        states.shared_look_up as CallState,
        { type: 'outcome_made', status },
        {
          state: { name: `integrate_${status}`, attempt: 0, budget, token: undefined },
          effects: [{ type: 'integrate' }],
        },
      );
    }
  });

  it('is claimed where nothing was found and there are claims [DML-EXE-2352]', () => {
    at('shared_look_up', 'must_claim', {
      state: states.claiming as CallState,
      effects: [{ type: 'claim' }],
    });
  });

  it('is submitted where nothing was found and nothing is to be claimed [DML-EXE-2353]', () => {
    at('shared_look_up', 'must_run', submitted);
  });

  it('is looked up once more after it was claimed [DML-EXE-2354]', () => {
    at('claiming', 'claimed', lookUpShared);
  });

  it('waits for the claim of somebody else [DML-EXE-2355]', () => {
    at('claiming', 'claimed_elsewhere', {
      state: states.claim_wait as CallState,
      effects: [{ type: 'wait_for_claim', afterMs: 9 }],
    });
  });

  it('is submitted when it cannot be claimed [DML-EXE-2356]', () => {
    at('claiming', 'must_run', submitted);
  });

  it('is looked up again after it waited [DML-EXE-2357]', () => {
    at('claim_wait', 'timer_fired', lookUpShared);
  });
});

describe('a call that an adapter has', () => {
  it('keeps the newest token and is polled with it after the pause [DML-EXE-2308]', () => {
    for (const token of [undefined, 't0']) {
      expectRow({ name: 'poll_adapter', ...first, token }, events.pending, {
        state: { name: 'poll_adapter', ...first, token: 't1' },
        effects: [{ type: 'poll', token: 't1', afterMs: 7 }],
      });
    }
  });

  it('integrates a success [DML-EXE-2309]', () => {
    expectRow({ name: 'poll_adapter', ...last }, events.done_ok, {
      state: { name: 'integrate_ok', ...last },
      effects: [{ type: 'integrate' }],
    });
  });

  it('integrates a failure of the function [DML-EXE-2310]', () => {
    expectRow({ name: 'poll_adapter', ...last }, events.done_error, {
      state: { name: 'integrate_error', ...last },
      effects: [{ type: 'integrate' }],
    });
  });

  it('waits after an infrastructure failure while attempts are left, without the token [DML-EXE-2311]', () => {
    expectRow({ name: 'poll_adapter', ...first, token: 't0' }, events.infrastructure_failure, {
      state: { name: 'retry_wait', ...first },
      effects: timer,
    });
    expectRow({ name: 'poll_adapter', ...last, attempt: 2 }, events.infrastructure_failure, {
      state: { name: 'retry_wait', ...last, attempt: 2, token: undefined },
      effects: [{ type: 'start_timer', afterMs: 100, failure }],
    });
  });

  it('fails with the last infrastructure failure when none are left [DML-EXE-2312]', () => {
    expectRow({ name: 'poll_adapter', ...last }, events.infrastructure_failure, failed);
  });

  it('fails at once when it is refused [DML-EXE-2313]', () => {
    at('poll_adapter', 'refused', failed);
  });
});

describe('a call that waits for its next attempt', () => {
  it('is submitted again when the attempt is lost [DML-EXE-2314]', () => {
    at('retry_wait', 'timer_fired', {
      state: { name: 'poll_adapter', ...first, attempt: 2 },
      effects: [{ type: 'submit', attempt: 2 }],
    });
  });

  it('is polled at once when the attempt is known by a token [DML-EXE-2315]', () => {
    expectRow({ name: 'retry_wait', ...last, attempt: 2 }, events.timer_fired, {
      state: { name: 'poll_adapter', ...last },
      effects: [{ type: 'poll', token: 'kept', afterMs: 0 }],
    });
  });
});

describe('a call whose outcome is integrated', () => {
  const names = ['integrate_ok', 'integrate_error'] as const;

  it('is complete when the outcome of its run is kept [DML-EXE-2316]', () => {
    for (const name of names) at(name, 'integrated', { state: { name: 'complete' }, effects: settled });
  });

  it('is complete when a tentative outcome is kept [DML-EXE-2317]', () => {
    at('tentative', 'integrated', { state: { name: 'complete' }, effects: settled });
  });

  it('is resolved again when a tentative outcome is lost [DML-EXE-2318]', () => {
    at('tentative', 'answer_lost', { state: initialState(budget), effects: [] });
  });

  it('waits after a failed integration while attempts are left, with the token [DML-EXE-2319]', () => {
    for (const name of names) {
      expectRow({ name, ...first, token: 'kept' }, events.integrate_failed, {
        state: { name: 'retry_wait', ...first, token: 'kept' },
        effects: timer,
      });
    }
  });

  it('fails with the failure of the integration when none are left [DML-EXE-2320]', () => {
    for (const name of names) expectRow({ name, ...last }, events.integrate_failed, failed);
  });
});

describe('a call that is cancelled', () => {
  it('fails, whatever state that is not final it is in [DML-EXE-2321]', () => {
    const open = Object.entries(states).filter(([, state]) => !isFinal(state));
    expect(open).toHaveLength(9);
    for (const [name, state] of open) {
      const { state: next, effects } = nextState(state, events.cancelled);
      expect([name, next]).toEqual([name, failed.state]);
      expect([name, effects.at(-1)]).toEqual([name, { type: 'settle' }]);
    }
  });

  it('has its attempt stopped first when an adapter has it, and only then [DML-EXE-2322]', () => {
    for (const [name, state] of Object.entries(states).filter(([, each]) => !isFinal(each))) {
      const isWithAdapter = name === 'poll_adapter';
      const effects = isWithAdapter ? [{ type: 'stop' }, { type: 'settle' }] : settled;
      expect([name, nextState(state, events.cancelled).effects]).toEqual([name, effects]);
    }
  });
});

describe('nextState', () => {
  it('refuses every other event [DML-EXE-0602]', () => {
    for (const [name, types] of Object.entries(expected)) {
      for (const event of Object.values(events)) {
        const give = (): unknown => nextState(states[name] as CallState, event);
        if (types.includes(event.type)) expect(give).not.toThrow();
        else expect(give).toThrow(expect.objectContaining({ code: 'illegal_transition' }));
      }
    }
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
