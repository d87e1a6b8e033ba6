import { executionError } from '../errors.ts';

/** What the Executor may spend on one call. */
export interface RetryBudget {
  /** Attempts in all, the first included; at least 1. */
  readonly maxAttempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

/** A failure that is never recorded: it says nothing about the call, only about an attempt. */
export interface AttemptFailure {
  readonly code: string;
  readonly reason: string;
}

/** A call of which an attempt is under way or still possible; `attempt` counts from 1. */
interface Attempting {
  readonly attempt: number;
  readonly budget: RetryBudget;
  /** The newest execution token; undefined before the first submit was answered. */
  readonly token: string | undefined;
}

export type CallState =
  | { readonly name: 'resolve_call_node'; readonly budget: RetryBudget }
  | ({ readonly name: 'poll_adapter' } & Attempting)
  | ({ readonly name: 'retry_wait' } & Attempting)
  | ({ readonly name: 'integrate_ok' } & Attempting)
  | ({ readonly name: 'integrate_error' } & Attempting)
  | { readonly name: 'pinned_hit' }
  | { readonly name: 'complete' }
  | { readonly name: 'failed_terminal'; readonly failure: AttemptFailure };

export type CallEvent =
  | { readonly type: 'pin_found' }
  | { readonly type: 'cached_exec_found'; readonly status: 'ok' | 'error' }
  | { readonly type: 'input_failed'; readonly failure: AttemptFailure }
  | { readonly type: 'must_run' }
  | { readonly type: 'pending'; readonly token: string; readonly pollAfterMs: number }
  | { readonly type: 'done_ok' }
  | { readonly type: 'done_error' }
  | { readonly type: 'infrastructure_failure'; readonly failure: AttemptFailure; readonly jitter: number }
  | { readonly type: 'refused'; readonly failure: AttemptFailure }
  | { readonly type: 'timer_fired' }
  | { readonly type: 'integrated' }
  | { readonly type: 'answer_lost' }
  | { readonly type: 'integrate_failed'; readonly failure: AttemptFailure; readonly jitter: number }
  | { readonly type: 'cancelled'; readonly failure: AttemptFailure };

export type CallEffect =
  | { readonly type: 'submit'; readonly attempt: number }
  | { readonly type: 'poll'; readonly token: string; readonly afterMs: number }
  | { readonly type: 'integrate' }
  | { readonly type: 'start_timer'; readonly afterMs: number; readonly failure: AttemptFailure }
  | { readonly type: 'stop_attempt' }
  | { readonly type: 'settle' };

export interface Transition {
  readonly state: CallState;
  readonly effects: readonly CallEffect[];
}

const settle: CallEffect = { type: 'settle' };
const integrate: CallEffect = { type: 'integrate' };
const settled = { pinned: { name: 'pinned_hit' }, complete: { name: 'complete' } } as const;

/** The state in which every call begins. */
export function initialState(budget: RetryBudget): CallState {
  return { name: 'resolve_call_node', budget };
}

/** Tells states that no event leaves. */
export function isFinal(state: CallState): boolean {
  return state.name === 'pinned_hit' || state.name === 'complete' || state.name === 'failed_terminal';
}

/**
 * Yields the next state of a call and what has to be done for it. Throws `illegal_transition` for an event
 * that the state does not expect.
 *
 * @spec DML-EXE-0601
 */
export function nextState(state: CallState, event: CallEvent): Transition {
  // @spec DML-EXE-0603
  if (isFinal(state)) return { state, effects: [] };
  if (event.type === 'cancelled') {
    const running = state.name === 'poll_adapter';
    return failed(event.failure, running ? [{ type: 'stop_attempt' }, settle] : [settle]);
  }
  switch (state.name) {
    case 'resolve_call_node':
      return fromResolve(state.budget, event);
    case 'poll_adapter':
      return fromPoll(state, event);
    case 'retry_wait':
      if (event.type === 'timer_fired') return resumed(state);
      break;
    case 'integrate_ok':
    case 'integrate_error':
      if (event.type === 'integrated') return { state: settled.complete, effects: [settle] };
      if (event.type === 'answer_lost') return { state: initialState(state.budget), effects: [] };
      if (event.type === 'integrate_failed') return retried(state, event.failure, event.jitter);
  }
  return illegal(state, event);
}

function fromResolve(budget: RetryBudget, event: CallEvent): Transition {
  const attempting = { attempt: 1, budget, token: undefined };
  switch (event.type) {
    case 'pin_found':
      return { state: settled.pinned, effects: [settle] };
    case 'cached_exec_found':
      return {
        state: { name: event.status === 'ok' ? 'integrate_ok' : 'integrate_error', ...attempting },
        effects: [integrate],
      };
    case 'input_failed':
      return failed(event.failure, [settle]);
    case 'must_run':
      return { state: { name: 'poll_adapter', ...attempting }, effects: [{ type: 'submit', attempt: 1 }] };
    default:
      return illegal({ name: 'resolve_call_node', budget }, event);
  }
}

function fromPoll(state: CallState & { name: 'poll_adapter' }, event: CallEvent): Transition {
  switch (event.type) {
    case 'pending':
      return {
        state: { ...state, token: event.token },
        effects: [{ type: 'poll', token: event.token, afterMs: event.pollAfterMs }],
      };
    case 'done_ok':
      return { state: { ...state, name: 'integrate_ok' }, effects: [integrate] };
    case 'done_error':
      return { state: { ...state, name: 'integrate_error' }, effects: [integrate] };
    case 'infrastructure_failure':
      return retried({ ...state, token: undefined }, event.failure, event.jitter);
    case 'refused':
      return failed(event.failure, [settle]);
    default:
      return illegal(state, event);
  }
}

/** A lost attempt is submitted anew; one that is still known by its token is only polled again. */
function resumed({ attempt, budget, token }: Attempting): Transition {
  const next = attempt + 1;
  const state: CallState = { name: 'poll_adapter', attempt: next, budget, token };
  const effect: CallEffect =
    token === undefined ? { type: 'submit', attempt: next } : { type: 'poll', token, afterMs: 0 };
  return { state, effects: [effect] };
}

/**
 * @spec DML-EXE-0907
 * @spec DML-EXE-0909
 */
function retried(from: Attempting, failure: AttemptFailure, jitter: number): Transition {
  const { attempt, budget, token } = from;
  if (attempt >= budget.maxAttempts) return failed(failure, [settle]);
  const afterMs = pauseMs(budget, attempt, jitter);
  return {
    state: { name: 'retry_wait', attempt, budget, token },
    effects: [{ type: 'start_timer', afterMs, failure }],
  };
}

/**
 * Pause after attempt `attempt`; `jitter` is uniform in [0, 1).
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

/** @spec DML-EXE-0602 */
function illegal(state: CallState, event: CallEvent): never {
  throw executionError('illegal_transition', { state: state.name, event: event.type });
}
