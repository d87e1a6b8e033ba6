import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CallEffect,
  type CallEvent,
  type CallState,
  initialState,
  isFinal,
  nextState,
  pauseMs,
} from './machine.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const budget = { maxAttempts: 3, baseMs: 100, maxMs: 1000 };
const failure = { code: 'worker_lost', reason: 'killed' };
const first = { attempt: 1, budget, token: undefined };
const second = { attempt: 2, budget, token: undefined };
const late = 50;
const last = { attempt: 3, budget, token: 'kept' };
const made = { attempt: 0, budget, token: undefined };

/** Every state, and states that differ from it in attempt or token. */
const states: Readonly<Record<string, CallState>> = {
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
const more: Readonly<Record<string, CallState>> = {
  'poll_adapter:t0': { name: 'poll_adapter', ...first, token: 't0' },
  'poll_adapter:t1': { name: 'poll_adapter', ...first, token: 't1' },
  'poll_adapter:second': { name: 'poll_adapter', ...second },
  'poll_adapter:second:t0': { name: 'poll_adapter', ...second, token: 't0' },
  'poll_adapter:last': { name: 'poll_adapter', ...last },
  'retry_wait:second': { name: 'retry_wait', ...second },
  'retry_wait:second:kept': { name: 'retry_wait', ...second, token: 'kept' },
  'retry_wait:kept': { name: 'retry_wait', ...first, token: 'kept' },
  'integrate_ok:made': { name: 'integrate_ok', ...made },
  'integrate_error:made': { name: 'integrate_error', ...made },
  'integrate_ok:kept': { name: 'integrate_ok', ...first, token: 'kept' },
  'integrate_error:kept': { name: 'integrate_error', ...first, token: 'kept' },
  'integrate_ok:last': { name: 'integrate_ok', ...last },
  'integrate_error:last': { name: 'integrate_error', ...last },
};
const events: Record<CallEvent['type'], CallEvent> & Record<string, CallEvent> = {
  inputs_known: { type: 'inputs_known' },
  pin_found: { type: 'pin_found' },
  cached_exec_found: { type: 'cached_exec_found' },
  outcome_made: { type: 'outcome_made', status: 'ok' },
  'outcome_made:error': { type: 'outcome_made', status: 'error' },
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
  throw_to_retry: { type: 'throw_to_retry', failure, jitter: 0 },
  'throw_to_retry:soon': { type: 'throw_to_retry', failure, jitter: 0, leftMs: late + 1 },
  'throw_to_retry:late': { type: 'throw_to_retry', failure, jitter: 0, leftMs: late },
  'infrastructure_failure:soon': { type: 'infrastructure_failure', failure, jitter: 0, leftMs: late + 1 },
  'infrastructure_failure:late': { type: 'infrastructure_failure', failure, jitter: 0, leftMs: late },
  'integrate_failed:late': { type: 'integrate_failed', failure, jitter: 0, leftMs: late },
  refused: { type: 'refused', failure },
  timer_fired: { type: 'timer_fired' },
  integrated: { type: 'integrated' },
  answer_lost: { type: 'answer_lost' },
  not_submitted: { type: 'not_submitted' },
  integrate_failed: { type: 'integrate_failed', failure, jitter: 0 },
  cancelled: { type: 'cancelled', failure },
};
const effectsOf: Readonly<Record<string, readonly CallEffect[]>> = {
  none: [],
  look_up: [{ type: 'look_up' }],
  look_up_shared: [{ type: 'look_up_shared' }],
  claim: [{ type: 'claim' }],
  wait_for_claim: [{ type: 'wait_for_claim', afterMs: 9 }],
  submit: [{ type: 'submit', attempt: 1 }],
  'submit:second': [{ type: 'submit', attempt: 2 }],
  poll: [{ type: 'poll', token: 't1', afterMs: 7 }],
  'poll:kept': [{ type: 'poll', token: 'kept', afterMs: 0 }],
  integrate: [{ type: 'integrate' }],
  start_timer: [{ type: 'start_timer', afterMs: 50, failure }],
  'start_timer:second': [{ type: 'start_timer', afterMs: 100, failure }],
  settle: [{ type: 'settle' }],
};

/** Requirement, state, event, next state and effects. */
const rows = `
  DML-EXE-2301 resolve_call_node       inputs_known           resolve_call_node      look_up
  DML-EXE-2302 resolve_call_node       pin_found              pinned_hit             settle
  DML-EXE-2303 resolve_call_node       cached_exec_found      tentative              integrate
  DML-EXE-2304 resolve_call_node       outcome_made           integrate_ok:made      integrate
  DML-EXE-2304 resolve_call_node       outcome_made:error     integrate_error:made   integrate
  DML-EXE-2305 resolve_call_node       evaluated              complete               settle
  DML-EXE-2306 resolve_call_node       input_failed           failed_terminal        settle
  DML-EXE-2307 resolve_call_node       must_run               poll_adapter           submit
  DML-EXE-2308 poll_adapter            pending                poll_adapter:t1        poll
  DML-EXE-2308 poll_adapter:t0         pending                poll_adapter:t1        poll
  DML-EXE-2309 poll_adapter:last       done_ok                integrate_ok:last      integrate
  DML-EXE-2310 poll_adapter:last       done_error             integrate_error:last   integrate
  DML-EXE-2311 poll_adapter:t0         infrastructure_failure retry_wait             start_timer
  DML-EXE-2311 poll_adapter:second:t0  infrastructure_failure retry_wait:second      start_timer:second
  DML-EXE-2312 poll_adapter:last       infrastructure_failure failed_terminal        settle
  DML-EXE-2313 poll_adapter            refused                failed_terminal        settle
  DML-EXE-2314 retry_wait              timer_fired            poll_adapter:second    submit:second
  DML-EXE-2315 retry_wait:second:kept  timer_fired            poll_adapter:last      poll:kept
  DML-EXE-2316 integrate_ok            integrated             complete               settle
  DML-EXE-2316 integrate_error         integrated             complete               settle
  DML-EXE-2317 tentative               integrated             complete               settle
  DML-EXE-2318 tentative               answer_lost            resolve_call_node      none
  DML-EXE-2319 integrate_ok:kept       integrate_failed       retry_wait:kept        start_timer
  DML-EXE-2319 integrate_error:kept    integrate_failed       retry_wait:kept        start_timer
  DML-EXE-2320 integrate_ok:last       integrate_failed       failed_terminal        settle
  DML-EXE-2320 integrate_error:last    integrate_failed       failed_terminal        settle
  DML-EXE-3000 poll_adapter            not_submitted          resolve_call_node      none
  DML-EXE-2350 resolve_call_node       may_be_shared          shared_look_up         look_up_shared
  DML-EXE-2351 shared_look_up          outcome_made           integrate_ok:made      integrate
  DML-EXE-2351 shared_look_up          outcome_made:error     integrate_error:made   integrate
  DML-EXE-2352 shared_look_up          must_claim             claiming               claim
  DML-EXE-2353 shared_look_up          must_run               poll_adapter           submit
  DML-EXE-2354 claiming                claimed                shared_look_up         look_up_shared
  DML-EXE-2355 claiming                claimed_elsewhere      claim_wait             wait_for_claim
  DML-EXE-2356 claiming                must_run               poll_adapter           submit
  DML-EXE-2357 claim_wait              timer_fired            shared_look_up         look_up_shared
  DML-EXE-3101 poll_adapter:t0         throw_to_retry         retry_wait             start_timer
  DML-EXE-3101 poll_adapter            throw_to_retry:soon    retry_wait             start_timer
  DML-EXE-3102 poll_adapter:last       throw_to_retry         integrate_error:last   integrate
  DML-EXE-3102 poll_adapter            throw_to_retry:late    integrate_error        integrate
  DML-EXE-3103 poll_adapter            infrastructure_failure:soon retry_wait        start_timer
  DML-EXE-3103 poll_adapter            infrastructure_failure:late failed_terminal   settle
  DML-EXE-3103 integrate_ok            integrate_failed:late  failed_terminal        settle`
  .trim()
  .split('\n')
  .map((line) => {
    const [id = '', from = '', event = '', to = '', effects = ''] = line.trim().split(/ +/);
    return { id, from, event, to, effects };
  });

/** Titles of the rows; `$id` in a title would put the id in quotes, where it cites nothing. */
const titled = rows.map((row) => {
  const { id, from, event, to, effects } = row;
  return [`in ${from}, ${event} leads to ${to} and ${effects} [${id}]`, row] as const;
});

it.each(titled)('%s', (_, { from, event, to, effects }) => {
  const state = (states[from] ?? more[from]) as CallState;
  expect(nextState(state, events[event] as CallEvent)).toEqual({
    state: states[to] ?? more[to],
    effects: effectsOf[effects],
  });
});

const open = Object.entries(states).filter(([, state]) => !isFinal(state));

describe('a call that is cancelled', () => {
  it('fails, whatever state that is not final it is in [DML-EXE-2321]', () => {
    expect(open).toHaveLength(9);
    for (const [name, state] of open) {
      const { state: next, effects } = nextState(state, { type: 'cancelled', failure });
      expect([name, next]).toEqual([name, states.failed_terminal]);
      expect([name, effects.at(-1)]).toEqual([name, { type: 'settle' }]);
    }
  });

  it('has its attempt stopped first when an adapter has it, and only then [DML-EXE-2322]', () => {
    for (const [name, state] of open) {
      const effects = name === 'poll_adapter' ? [{ type: 'stop' }, { type: 'settle' }] : effectsOf.settle;
      expect([name, nextState(state, { type: 'cancelled', failure }).effects]).toEqual([name, effects]);
    }
  });
});

describe('nextState', () => {
  it('refuses every other event [DML-EXE-0602]', () => {
    for (const [name, state] of open) {
      const listed = rows.filter(({ from }) => (states[from] ?? more[from])?.name === name);
      const expected = new Set(['cancelled', ...listed.map(({ event }) => events[event]?.type)]);
      for (const event of Object.values(events)) {
        const give = (): unknown => nextState(state, event);
        if (expected.has(event.type)) expect(give).not.toThrow();
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
