import type { AmbientInput } from '@daggerml/capture';
import type { NodeId } from '@daggerml/object-model';
import type { TakenFolder } from '../files/capture-folder.ts';

/** How a call of a run ended; every call has exactly one. */
export type CallOutcome = 'executed' | 'cached' | 'failed' | 'blocked' | 'cancelled';

interface CallEventBase {
  readonly nodeId: NodeId;
  /** The label of the call, the function's export name without one. */
  readonly name: string;
}

/** What a run reports while it goes on. */
export type RunEvent =
  | {
      /** A value of many members is being stored; told after every 10,000 of them. */
      readonly type: 'value-progress';
      readonly members: number;
    }
  | {
      /** A folder is being captured; told after every 100 files. */
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
  | (CallEventBase & { readonly type: 'call-started'; readonly attempt: number })
  | (CallEventBase & {
      readonly type: 'call-retried';
      readonly attempt: number;
      /** Code of the failure that ended the attempt. */
      readonly code: string;
      readonly reason: string;
      readonly afterMs: number;
    })
  | (CallEventBase & {
      /** The function of the call reads what is no input of the call; told at its first call in the run. */
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
      /** Whether the outcome was known before: always so for `cached`, possibly for `failed`. */
      readonly fromCache: boolean;
      /** Time of the attempt that counted; 0 where none was made. */
      readonly durationMs: number;
      readonly failure?: CallFailure;
    });

/** Why a call has no value. */
export interface CallFailure {
  readonly class: 'deterministic' | 'infrastructure' | 'input' | 'cancelled';
  readonly code: string;
  readonly message: string;
  readonly trace: readonly string[];
  /** The call where it began, when it is another one. */
  readonly originNodeId?: NodeId;
  readonly originName?: string;
}

/** Number of calls by outcome. */
export type CallCounts = Readonly<Record<CallOutcome, number>>;

/** Hands events to a listener that may throw; nothing that it does reaches the run. */
export class EventReporter {
  readonly #listener: ((event: RunEvent) => void) | undefined;
  readonly counts: Record<CallOutcome, number> = {
    executed: 0,
    cached: 0,
    failed: 0,
    blocked: 0,
    cancelled: 0,
  };

  constructor(listener: ((event: RunEvent) => void) | undefined) {
    this.#listener = listener;
  }

  /** Whether anybody listens. */
  get isHeard(): boolean {
    return this.#listener !== undefined;
  }

  report(event: RunEvent): void {
    // @spec DML-EXE-1101
    if (event.type === 'call-finished') this.counts[event.outcome] += 1;
    if (!this.#listener) return;
    try {
      this.#listener(event);
    } catch {
      // @spec DML-EXE-1104
    }
  }
}
