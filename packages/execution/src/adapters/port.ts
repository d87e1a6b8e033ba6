import type { CallOptions, NativePackage } from '@daggerml/capture';
import type { DatumId, ExecutionKey, Needs, NodeId } from '@daggerml/object-model';
import type { RecordedFailure } from '@daggerml/repository';
import type { RunObjects } from '../objects/run-objects.ts';
import type { Ran } from '../run/receipt.ts';
import type { ScriptLimits } from '../script/script-limits.ts';
import type { PackedObjects } from '../worker/packed-objects.ts';
import type { NestedAnswer, NestedRequest } from '../worker/wire.ts';
import type { CallResult } from '../workers/result-commit.ts';

/** One attempt of one call, as an adapter is asked for it. */
export interface Submission {
  readonly nodeId: NodeId;
  readonly functionUri: string;
  /** Values of the inputs, in their order; each is in the run's objects with everything it is made of. */
  readonly inputDatumIds: readonly DatumId[];
  readonly executionKey: ExecutionKey;
  /** Counts from 1. */
  readonly attempt: number;
  readonly timeoutMs: number | undefined;
  /** Amounts and qualities that it needs; undefined for none. */
  readonly needs?: Needs | undefined;
  /** Names the job in an adapter whose attempts go on without the process; the same as before where it may be there. */
  readonly executionUuid?: string | undefined;
  /** Packages with machine code that the function imports from their own folders. */
  readonly natives?: readonly NativePackage[] | undefined;
  /** Number of running functions that wait for it, each by way of the next; 0 for a call of the dag. */
  readonly depth?: number;
  /** Limits of a script, which are no part of what it is. */
  readonly limits?: ScriptLimits;
  /** Options of the call; none by default. */
  readonly options?: Omit<CallOptions, 'label'>;
}

/** An attempt that is under way elsewhere; `token` is the newest one that the adapter answered. */
export interface Poll {
  readonly nodeId: NodeId;
  readonly functionUri: string;
  readonly token: string;
  /** As in the submission. */
  readonly executionUuid?: string | undefined;
}

/** Resources that an attempt has used, as far as its adapter knows. */
export interface AttemptUsage {
  /** Time on processors, in whole milliseconds. */
  readonly cpuMs?: number | undefined;
  /** Largest memory at one time, of all that the attempt has started. */
  readonly peakMemoryBytes?: number | undefined;
}

/** State of an attempt as an adapter answers it. */
export type AdapterAnswer =
  /** It goes on; it is asked for again after the pause. */
  | { readonly type: 'pending'; readonly token: string; readonly pollAfterMs: number }
  /** The function returned; everything that the value is made of was reported before. */
  | {
      readonly type: 'done';
      readonly outcome: 'ok';
      readonly datumId: DatumId;
      /** The call of its own whose result the function returned. */
      readonly rootRequest?: number | undefined;
      readonly ran?: Ran;
      readonly usage?: AttemptUsage | undefined;
      /** Given where the call was recorded elsewhere, so that its exec is made of that. */
      readonly result?: CallResult | undefined;
    }
  /** The function failed; positions in the trace are those of the bundle. */
  | {
      readonly type: 'done';
      readonly outcome: 'error';
      readonly failure: RecordedFailure;
      /** Names and codes of what was thrown and of its causes, for `retryOn`; not recorded. */
      readonly names?: readonly string[] | undefined;
      readonly ran?: Ran;
      readonly usage?: AttemptUsage | undefined;
      readonly result?: CallResult | undefined;
    }
  /** It says nothing about the call: a retryable failure is attempted again, another one ends the call. */
  | {
      readonly type: 'failed';
      readonly isRetryable: boolean;
      readonly code: string;
      readonly detail?: string | undefined;
      readonly reason: string;
      /** True when the backend says that the job has ended: another attempt is another job, with a UUID of its own. */
      readonly hasEnded?: boolean | undefined;
    }
  /** The store could not be read, so nothing more can be recorded: ends the run with this error. */
  | { readonly type: 'broken'; readonly error: unknown };

/** News of attempts, in the order in which they happened. */
export type AdapterReport =
  | { readonly type: 'started'; readonly nodeId: NodeId }
  | {
      readonly type: 'output';
      readonly nodeId: NodeId;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
      /** The bytes that were printed; those of the text by default. */
      readonly bytes?: Uint8Array;
    }
  /** The attempt is made once more from its beginning: what it has printed does not count. */
  | { readonly type: 'begun-again'; readonly nodeId: NodeId }
  /** Objects of results; their ids are computed again. Taken over when `report` returns. */
  | { readonly type: 'objects'; readonly objects: PackedObjects }
  /** The function of an attempt makes a call, whose inputs were reported before. */
  | { readonly type: 'nested'; readonly nodeId: NodeId; readonly request: NestedRequest }
  | {
      readonly type: 'answered';
      readonly nodeId: NodeId;
      readonly answer: AdapterAnswer;
      /** The pool that it ran in, where there are several. */
      readonly pool?: string | undefined;
    };

/** Surroundings of an adapter in one run. */
export interface AdapterContext {
  /** Source of inputs and bundles. */
  readonly objects: RunObjects;
  /**
   * Takes news, many at once where there are many. Never throws. News of an attempt that was stopped are ignored, and
   * so are those after the answer.
   */
  readonly report: (reports: readonly AdapterReport[]) => void;
}

/** Traits of an adapter. */
export interface AdapterTraits {
  /** Number of attempts that it works on at one time, where further ones would only wait with it. */
  readonly width?: number | undefined;
  /** True when attempts go on without the process: they are written down, and a later run goes on with them. */
  readonly outlives?: boolean | undefined;
}

/**
 * Runs attempts of calls for one run. An attempt is answered exactly once for each time that it was submitted or
 * polled, unless it is stopped.
 */
export interface ExecutionAdapter {
  /** Maximum number of unanswered attempts; further ones wait in a `Lane`. */
  readonly capacity: number;
  /** Returns what is to be known of the adapter that runs a function; nothing in particular by default. */
  traitsOf?(functionUri: string): AdapterTraits | undefined;
  /** Starts attempts; answers come in later turns. Must not throw. */
  submit(submissions: readonly Submission[]): void;
  /** Asks how attempts stand. Must not throw. */
  poll(polls: readonly Poll[]): void;
  /** Ends the attempt of a node, if one is under way. */
  stop(nodeId: NodeId): void;
  /** Answers a call that the function of a node's attempt has made; for adapters that report such calls. */
  answerNested?(nodeId: NodeId, request: number, answer: NestedAnswer): void;
  /** Runs the attempt of a node before those that fewer functions wait for; for adapters whose functions make calls. */
  raise?(nodeId: NodeId, depth: number): void;
  /**
   * Notes that the outcome of an attempt is kept, and nothing of it needed any more; for adapters whose attempts go on
   * without the process.
   */
  settled?(executionUuid: string): void;
  /** Resolves when nothing of it runs any more. */
  close(): Promise<void>;
}

/** Makes the adapter of one run. */
export type StartAdapter = (context: AdapterContext) => ExecutionAdapter;
