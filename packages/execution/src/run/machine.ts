import { executionError } from '../errors.ts';

/** Attempts and pauses that one call may take. */
export interface RetryBudget {
  /** Attempts in all, the first included; at least 1. */
  readonly maxAttempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

/** A failure that is never recorded: it says nothing about the call, only about an attempt. */
export interface AttemptFailure {
  readonly code: string;
  readonly detail?: string | undefined;
  readonly reason: string;
}

/** A call of which an attempt is under way or still possible; `attempt` counts from 1. */
interface Attempting {
  /** 0 for an outcome that took no attempt of this call. */
  readonly attempt: number;
  readonly budget: RetryBudget;
  /** The newest execution token; undefined where no answer named one. */
  readonly token: string | undefined;
}

/** A call of which no attempt was made. */
interface Resolving {
  readonly name: 'resolve_call_node' | 'tentative' | 'shared_look_up' | 'claiming' | 'claim_wait';
  readonly budget: RetryBudget;
}

interface Attempted extends Attempting {
  readonly name: 'poll_adapter' | 'retry_wait' | 'integrate_ok' | 'integrate_error';
}

export type CallState =
  | Resolving
  | Attempted
  | { readonly name: 'pinned_hit' | 'complete' }
  | { readonly name: 'failed_terminal'; readonly failure: AttemptFailure };

export type CallEvent =
  | { readonly type: PlainEvent }
  | { readonly type: 'outcome_made'; readonly status: 'ok' | 'error' }
  | { readonly type: 'input_failed' | 'refused' | 'cancelled'; readonly failure: AttemptFailure }
  | { readonly type: 'claimed_elsewhere'; readonly afterMs: number }
  | { readonly type: 'pending'; readonly token: string; readonly pollAfterMs: number }
  | FailedAttempt;

/** An event that says all there is to say by its name. */
type PlainEvent =
  | 'inputs_known'
  | 'pin_found'
  | 'cached_exec_found'
  | 'evaluated'
  | 'must_run'
  | 'may_be_shared'
  | 'must_claim'
  | 'claimed'
  | 'done_ok'
  | 'done_error'
  | 'timer_fired'
  | 'integrated'
  | 'answer_lost'
  | 'not_submitted';

interface FailedAttempt {
  /** A throw to retry is one that its author asks to make another attempt after. */
  readonly type: 'infrastructure_failure' | 'integrate_failed' | 'throw_to_retry';
  readonly failure: AttemptFailure;
  /** Uniform in [0, 1). */
  readonly jitter: number;
  /** Time that is left for pauses and attempts; without limit by default. */
  readonly leftMs?: number | undefined;
}

export type CallEffect =
  | { readonly type: 'look_up' | 'integrate' | 'stop' | 'look_up_shared' | 'claim' | 'settle' }
  | { readonly type: 'submit'; readonly attempt: number }
  | { readonly type: 'poll'; readonly token: string; readonly afterMs: number }
  | { readonly type: 'start_timer'; readonly afterMs: number; readonly failure: AttemptFailure }
  | { readonly type: 'wait_for_claim'; readonly afterMs: number };

export interface Transition {
  readonly state: CallState;
  readonly effects: readonly CallEffect[];
}

const nothing: readonly CallEffect[] = [];
const lookUp: readonly CallEffect[] = [{ type: 'look_up' }];
const lookUpShared: readonly CallEffect[] = [{ type: 'look_up_shared' }];
const claim: readonly CallEffect[] = [{ type: 'claim' }];
const integrate: readonly CallEffect[] = [{ type: 'integrate' }];
const settle: readonly CallEffect[] = [{ type: 'settle' }];
const stopAndSettle: readonly CallEffect[] = [{ type: 'stop' }, { type: 'settle' }];
const pinnedHit: Transition = { state: { name: 'pinned_hit' }, effects: settle };
const complete: Transition = { state: { name: 'complete' }, effects: settle };

/** Returns the state in which every call begins. */
export function initialState(budget: RetryBudget): CallState {
  return { name: 'resolve_call_node', budget };
}

/** Checks whether the state is final. */
export function isFinal(state: CallState): boolean {
  return state.name === 'pinned_hit' || state.name === 'complete' || state.name === 'failed_terminal';
}

/**
 * Returns the next state of a call and the effects to carry out. Throws `illegal_transition` for an event
 * that the state does not expect.
 */
export function nextState(state: CallState, event: CallEvent): Transition {
  // @spec DML-EXE-0603
  if (isFinal(state)) return { state, effects: nothing };
  if (event.type === 'cancelled') {
    // @spec DML-EXE-2322
    const effects = state.name === 'poll_adapter' ? stopAndSettle : settle;
    // @spec DML-EXE-2321
    return failed(event.failure, effects);
  }
  const next = rowOf(state, event);
  // @spec DML-EXE-0602
  if (!next) throw executionError('illegal_transition', { state: state.name, event: event.type });
  return next;
}

/** Returns what follows from an event in a state that is not final; undefined for an event that it does not expect. */
function rowOf(state: CallState, event: CallEvent): Transition | undefined {
  switch (state.name) {
    case 'resolve_call_node':
      return fromResolve(state, event);
    case 'tentative':
      // @spec DML-EXE-2317
      if (event.type === 'integrated') return complete;
      // @spec DML-EXE-2318
      return event.type === 'answer_lost'
        ? { state: initialState(state.budget), effects: nothing }
        : undefined;
    case 'shared_look_up':
      return fromSharedLookUp(state, event);
    case 'claiming':
      return fromClaiming(state, event);
    case 'claim_wait':
      // @spec DML-EXE-2357
      return event.type === 'timer_fired' ? sharedLookUp(state.budget) : undefined;
    case 'poll_adapter':
      return fromPoll(state, event);
    case 'retry_wait':
      return event.type === 'timer_fired' ? resumed(state) : undefined;
    case 'integrate_ok':
    case 'integrate_error':
      // @spec DML-EXE-2316
      if (event.type === 'integrated') return complete;
      // @spec DML-EXE-2319
      return event.type === 'integrate_failed' ? retried(state, event) : undefined;
  }
  return undefined;
}

function fromResolve(state: Resolving, event: CallEvent): Transition | undefined {
  const { budget } = state;
  switch (event.type) {
    // @spec DML-EXE-2301
    case 'inputs_known':
      return { state, effects: lookUp };
    // @spec DML-EXE-2302
    case 'pin_found':
      return pinnedHit;
    // @spec DML-EXE-2303
    case 'cached_exec_found':
      return { state: { name: 'tentative', budget }, effects: integrate };
    // @spec DML-EXE-2304
    case 'outcome_made':
      return integrating({ attempt: 0, budget, token: undefined }, event.status);
    // @spec DML-EXE-2305
    case 'evaluated':
      return complete;
    // @spec DML-EXE-2306
    case 'input_failed':
      return failed(event.failure, settle);
    // @spec DML-EXE-2307
    case 'must_run':
      return submitted(budget);
    // @spec DML-EXE-2350
    case 'may_be_shared':
      return sharedLookUp(budget);
  }
  return undefined;
}

function fromSharedLookUp({ budget }: Resolving, event: CallEvent): Transition | undefined {
  switch (event.type) {
    // @spec DML-EXE-2351
    case 'outcome_made':
      return integrating({ attempt: 0, budget, token: undefined }, event.status);
    // @spec DML-EXE-2352
    case 'must_claim':
      return { state: { name: 'claiming', budget }, effects: claim };
    // @spec DML-EXE-2353
    case 'must_run':
      return submitted(budget);
  }
  return undefined;
}

function fromClaiming({ budget }: Resolving, event: CallEvent): Transition | undefined {
  switch (event.type) {
    // @spec DML-EXE-2354
    case 'claimed':
      return sharedLookUp(budget);
    // @spec DML-EXE-2355
    case 'claimed_elsewhere': {
      const wait: CallEffect = { type: 'wait_for_claim', afterMs: event.afterMs };
      return { state: { name: 'claim_wait', budget }, effects: [wait] };
    }
    // @spec DML-EXE-2356
    case 'must_run':
      return submitted(budget);
  }
  return undefined;
}

function sharedLookUp(budget: RetryBudget): Transition {
  return { state: { name: 'shared_look_up', budget }, effects: lookUpShared };
}

function submitted(budget: RetryBudget): Transition {
  return {
    state: { name: 'poll_adapter', attempt: 1, budget, token: undefined },
    effects: [{ type: 'submit', attempt: 1 }],
  };
}

function fromPoll(state: Attempted, event: CallEvent): Transition | undefined {
  switch (event.type) {
    // @spec DML-EXE-2308
    case 'pending': {
      const { token, pollAfterMs: afterMs } = event;
      return { state: { ...state, token }, effects: [{ type: 'poll', token, afterMs }] };
    }
    // @spec DML-EXE-2309
    case 'done_ok':
      return integrating(state, 'ok');
    // @spec DML-EXE-2310
    case 'done_error':
      return integrating(state, 'error');
    // @spec DML-EXE-2311
    case 'infrastructure_failure':
      return retried({ ...state, token: undefined }, event);
    case 'throw_to_retry':
      // @spec DML-EXE-3101
      return (
        paused({ ...state, token: undefined }, event) ??
        // @spec DML-EXE-3102
        integrating(state, 'error')
      );
    // @spec DML-EXE-3000
    case 'not_submitted':
      return { state: initialState(state.budget), effects: nothing };
    // @spec DML-EXE-2313
    case 'refused':
      return failed(event.failure, settle);
  }
  return undefined;
}

function integrating({ attempt, budget, token }: Attempting, status: 'ok' | 'error'): Transition {
  const name = status === 'ok' ? 'integrate_ok' : 'integrate_error';
  return { state: { name, attempt, budget, token }, effects: integrate };
}

/** Returns to the attempt: a lost one is submitted again, one with a token is only polled again. */
function resumed({ attempt, budget, token }: Attempting): Transition {
  const next = attempt + 1;
  const state: CallState = { name: 'poll_adapter', attempt: next, budget, token };
  // @spec DML-EXE-2314
  if (token === undefined) return { state, effects: [{ type: 'submit', attempt: next }] };
  // @spec DML-EXE-2315
  return { state, effects: [{ type: 'poll', token, afterMs: 0 }] };
}

function retried(state: Attempting, event: FailedAttempt): Transition {
  // @spec DML-EXE-2312
  // @spec DML-EXE-2320 DML-EXE-0907 DML-EXE-0909
  return paused(state, event) ?? failed(event.failure, settle);
}

/** Returns the pause before the next attempt; undefined where the number of attempts or the time is used up. */
function paused(
  { attempt, budget, token }: Attempting,
  { failure, jitter, leftMs }: FailedAttempt,
): Transition | undefined {
  if (attempt >= budget.maxAttempts) return undefined;
  const afterMs = pauseMs(budget, attempt, jitter);
  // @spec DML-EXE-3103
  if (leftMs !== undefined && afterMs >= leftMs) return undefined;
  return {
    state: { name: 'retry_wait', attempt, budget, token },
    effects: [{ type: 'start_timer', afterMs, failure }],
  };
}

/**
 * Returns the pause after attempt `attempt`; `jitter` is uniform in [0, 1).
 *
 * @spec DML-EXE-0908
 */
export function pauseMs(budget: RetryBudget, attempt: number, jitter: number): number {
  const whole = Math.min(budget.baseMs * 2 ** (attempt - 1), budget.maxMs);
  return whole / 2 + (whole / 2) * jitter;
}

function failed(failure: AttemptFailure, effects: readonly CallEffect[]): Transition {
  return { state: { name: 'failed_terminal', failure }, effects };
}
