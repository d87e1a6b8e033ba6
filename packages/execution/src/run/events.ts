import type { AmbientInput } from '@daggerml/capture';
import type { NodeId } from '@daggerml/object-model';
import type { TakenFolder } from '../files/capture-folder.ts';

/** Outcome of a call in a run; every call has exactly one. */
export type CallOutcome = 'executed' | 'cached' | 'failed' | 'blocked' | 'cancelled';

interface CallEventBase {
  readonly nodeId: NodeId;
  /** The label of the call, the function's export name without one. */
  readonly name: string;
}

/** The envelope of every event. */
export interface RunEnvelope {
  readonly runId: string;
  /** Counts the events of a run from 0. */
  readonly sequence: number;
  /** Time of the report, in milliseconds since the epoch. */
  readonly timeMs: number;
}

/** An event of a run. */
export type RunEvent = RunEnvelope & RunReport;

/** Progress of a run. */
export type RunReport =
  | {
      /** A value of many members is being stored; emitted every 10,000 members. */
      readonly type: 'value-progress';
      readonly members: number;
    }
  | {
      /** A folder is being captured; emitted every 100 files. */
      readonly type: 'directory-progress';
      /** As the program gave it. */
      readonly path: string;
      readonly files: number;
    }
  | (TakenFolder & {
      /** A folder was captured. */
      readonly type: 'directory-captured';
      /** As the program gave it. */
      readonly path: string;
    })
  | {
      /** The shared cache or the claims failed; the run goes on without them for a while. Once for each reason. */
      readonly type: 'sharing-failed';
      readonly operation: 'look-up' | 'publish' | 'claim' | 'renew' | 'release';
      readonly reason: string;
    }
  | (CallEventBase & { readonly type: 'call-started'; readonly attempt: number })
  | (CallEventBase & {
      /** Another process runs the call; this run waits for its outcome, or for the end of that process. */
      readonly type: 'call-elsewhere';
      readonly pid: number;
    })
  | (CallEventBase & {
      /** Somebody else has the claim of the call; this run waits for the outcome, or for the end of that claim. */
      readonly type: 'call-waiting';
      /** Owner of the claim, for people. */
      readonly owner: string;
    })
  | (CallEventBase & {
      readonly type: 'call-retried';
      readonly attempt: number;
      /** Code of the failure that ended the attempt. */
      readonly code: string;
      readonly reason: string;
      readonly afterMs: number;
    })
  | (CallEventBase & {
      /** The function of the call reads what is no input of the call; emitted at its first call in the run. */
      readonly type: 'ambient-inputs';
      readonly functionName: string;
      readonly ambientInputs: readonly AmbientInput[];
      /** Modules of the author that the function leaves out although they do something by themselves. */
      readonly leftOut: readonly string[];
    })
  | (CallEventBase & {
      readonly type: 'call-output';
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    })
  | (CallEventBase & {
      readonly type: 'call-finished';
      /** The export name of the function, whatever label the call has. */
      readonly functionName: string;
      readonly outcome: CallOutcome;
      /** True when the outcome was known before: always so for `cached`, possibly for `failed`. */
      readonly fromCache: boolean;
      /** The remote that the outcome came from, where the repository did not know it. */
      readonly origin?: string;
      /** Time of the attempt that counted; 0 where none was made. */
      readonly durationMs: number;
      readonly failure?: CallFailure;
      /** True where the function threw and the call has `retries`, which cover that only with `retryOn`. */
      readonly retriesUnused?: boolean;
    });

/** Reason why a call has no value. */
export interface CallFailure {
  readonly class: 'deterministic' | 'infrastructure' | 'input' | 'cancelled';
  readonly code: string;
  /** Detail of the code: `left_out` where an input was left out here. */
  readonly detail?: string;
  readonly message: string;
  readonly trace: readonly string[];
  /** The call where it began, when it is another one. */
  readonly originNodeId?: NodeId;
  readonly originName?: string;
  /** Class and code of the failure where it began. */
  readonly originClass?: CallFailure['class'];
  readonly originCode?: string;
}

/** Number of calls by outcome. */
export type CallCounts = Readonly<Record<CallOutcome, number>>;

/** An event of a call without the names of the call. */
export type CallReport = DistributiveOmit<Extract<RunReport, { nodeId: unknown }>, 'nodeId' | 'name'>;
type DistributiveOmit<Union, Keys extends PropertyKey> = Union extends unknown ? Omit<Union, Keys> : never;

export interface ReporterOptions {
  readonly runId: string;
  readonly nowMs: () => number;
  readonly onEvent: ((event: RunEvent) => void) | undefined;
}

/** Hands events to a listener that may throw; nothing that it does reaches the run. */
export class EventReporter {
  readonly #options: ReporterOptions;
  #sequence = 0;
  readonly counts: Record<CallOutcome, number> = {
    executed: 0,
    cached: 0,
    failed: 0,
    blocked: 0,
    cancelled: 0,
  };

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Checks whether anybody listens. */
  get isHeard(): boolean {
    return this.#options.onEvent !== undefined;
  }

  report(report: RunReport): void {
    // @spec DML-EXE-1101
    if (report.type === 'call-finished') this.counts[report.outcome] += 1;
    const { runId, nowMs, onEvent } = this.#options;
    if (!onEvent) return;
    // @spec DML-EXE-2335
    const event: RunEvent = { runId, sequence: this.#sequence++, timeMs: nowMs(), ...report };
    try {
      onEvent(event);
    } catch {
      // @spec DML-EXE-1104
    }
  }
}
