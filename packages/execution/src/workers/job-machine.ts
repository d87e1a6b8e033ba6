/** State of a job in a worker. */
export type JobState =
  /** Somebody else has it, or has failed at it just now. */
  'waiting' | 'claiming' | 'checking' | 'fetching' | 'running' | 'posting' | 'done';

/** Event in the life of a job in a worker. */
export type JobEvent =
  /** It may be tried now. */
  | 'due'
  /** Somebody else has the claim. */
  | 'held'
  | 'claimed'
  /** It is there and has no result. */
  | 'open'
  /** It has a result, or is not there any more. */
  | 'over'
  | 'fetched'
  /** It cannot be run, for a reason that its Caller is told. */
  | 'refused'
  /** Its call has come to an outcome, or to a failure that its Caller is told. */
  | 'ran'
  | 'posted'
  /** Somebody else has taken the claim over. */
  | 'claim_lost'
  /** The remote or this machine has failed; another try may do better. */
  | 'failed';

/** Effect of a step. */
export type JobEffect = 'claim' | 'check' | 'fetch' | 'run' | 'post' | 'stop' | 'release' | 'wait';

/** Step of a job. */
export interface JobStep {
  readonly state: JobState;
  readonly effects: readonly JobEffect[];
}

type Transitions = Readonly<Partial<Record<JobEvent, JobStep>>>;

const step = (state: JobState, ...effects: JobEffect[]): JobStep => ({ state, effects });

/** Events that end a job whose claim is held. */
const HELD: Transitions = {
  over: step('done', 'stop', 'release'),
  claim_lost: step('waiting', 'stop', 'wait'),
  failed: step('waiting', 'stop', 'release', 'wait'),
};

/** The table of specs/30-execution.md, section 15. */
const TABLE: Readonly<Record<JobState, Transitions>> = {
  waiting: { due: step('claiming', 'claim'), over: step('done') },
  claiming: {
    held: step('waiting', 'wait'),
    claimed: step('checking', 'check'),
    failed: step('waiting', 'wait'),
  },
  checking: { ...HELD, open: step('fetching', 'fetch') },
  fetching: { ...HELD, fetched: step('running', 'run'), refused: step('posting', 'post') },
  running: { ...HELD, ran: step('posting', 'post') },
  posting: { ...HELD, posted: step('done', 'release') },
  done: {},
};

/**
 * Returns the next state of a job and what is to be done then; undefined where the event cannot occur, or comes too
 * late to matter.
 *
 * @spec DML-EXE-1501
 */
export function nextJobStep(state: JobState, event: JobEvent): JobStep | undefined {
  return TABLE[state][event];
}

/** Checks whether a state is one in which the claim of the job is held. */
export function holdsClaim(state: JobState): boolean {
  return state === 'checking' || state === 'fetching' || state === 'running' || state === 'posting';
}
