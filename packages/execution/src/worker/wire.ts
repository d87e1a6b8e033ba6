import type { NestedCallOptions } from '@daggerml/capture';
import type { ChunkId, DatumId } from '@daggerml/object-model';
import type { PackedObjects } from './packed-objects.ts';
import type { Printed } from './printed-output.ts';

/** One call of an exported function of the message's bundle. */
export interface CallMessage {
  readonly exportName: string;
  readonly inputDatumIds: readonly DatumId[];
}

/**
 * Asks a worker to make calls of one bundle, one after the other. A call that comes alone is made exactly; several are
 * made on the assumption that none of them touches the realm.
 */
export interface RunMessage {
  readonly type: 'run';
  readonly bundleDatumId: DatumId;
  readonly calls: readonly CallMessage[];
  /** Everything the inputs are made of, except for the chunks of their blobs. */
  readonly objects: PackedObjects;
}

/** Answers a worker's request for chunks: those before the first one that the store does not have. */
export interface ChunksMessage {
  readonly type: 'chunks';
  readonly request: number;
  readonly chunks: readonly Uint8Array[];
}

/** Confirms that objects were taken over; gives back memory in which some came and that is not needed any more. */
export interface TakenMessage {
  readonly type: 'taken';
  readonly free: readonly Uint8Array<ArrayBuffer>[];
}

/** The code that a function URI names, as it is stored. */
export interface BundleContent {
  /** The record of the bundle's blob datum. */
  readonly datum: Uint8Array;
  readonly content: Uint8Array;
  /** Files of the packages with machine code that the bundle imports, by their specifiers. */
  readonly natives?: Readonly<Record<string, string>>;
}

/** Answers a worker's request for a bundle. */
export interface BundleMessage extends BundleContent {
  readonly type: 'bundle';
}

/** An input of a call that a function makes: a value, or the result of a call that it asked for before. */
export type NestedInput = { readonly datumId: DatumId } | { readonly request: number };

/** A call that a running function makes. */
export interface NestedRequest {
  /** Names the request among those of its thread. */
  readonly request: number;
  /** Names the function in the code of the one that calls it. */
  readonly calleeKey: string;
  readonly inputs: readonly NestedInput[];
  readonly options: NestedCallOptions;
}

/** Asks the process for a call; `objects` are those of the inputs that were not sent before. */
export interface NestedRequestMessage extends NestedRequest {
  readonly type: 'nested';
  readonly objects: PackedObjects | undefined;
}

/** Outcome of a call that a function made. */
export type NestedAnswer<Value = { readonly datumId: DatumId }> =
  | ({ readonly type: 'value' } & Value)
  | { readonly type: 'threw'; readonly message: string };

/** Answers a request for a call. */
export interface NestedMessage {
  readonly type: 'nested';
  readonly request: number;
  readonly answer: NestedAnswer<{ readonly datumId: DatumId; readonly objects: PackedObjects }>;
}

/** Confirms that what was printed has arrived. */
export interface PrintedMessage {
  readonly type: 'printed';
  readonly sizeBytes: number;
}

export type ToWorker =
  | RunMessage
  | ChunksMessage
  | TakenMessage
  | BundleMessage
  | NestedMessage
  | PrintedMessage;

/** A failure that the function's own code caused. */
export interface FunctionFailure {
  readonly code:
    | 'function_threw'
    | 'function_exited'
    | 'unsupported_value'
    | 'cyclic_value'
    | 'never_settled';
  readonly message: string;
  /** Positions of the throw in the bundle, innermost first. */
  readonly trace: readonly string[];
}

/** Reason why an attempt in a thread says nothing about its call. */
export interface LostAttempt {
  readonly code: 'worker_lost' | 'load_failed' | 'stack_overflow' | 'temporary_failure' | 'unreadable_file';
  readonly reason: string;
}

/** Outcome of one call. */
export type CallAnswer =
  | {
      readonly type: 'done';
      readonly datumId: DatumId;
      /** The request whose promise the function returned. */
      readonly rootRequest?: number | undefined;
      readonly cpuMs?: number | undefined;
    }
  | {
      readonly type: 'threw';
      readonly failure: FunctionFailure;
      /** Names and codes of what was thrown and of its causes. */
      readonly names?: readonly string[] | undefined;
      readonly cpuMs?: number | undefined;
    }
  | ({ readonly type: 'lost' } & LostAttempt);

/**
 * The use that a thread is of after a call: for any bundle, only for the bundle whose loading changed the realm, or for
 * none, because a call has changed it.
 */
export type RealmState = 'untouched' | 'of-bundle' | 'touched';

export type FromWorker =
  | { readonly type: 'read'; readonly request: number; readonly chunkIds: readonly ChunkId[] }
  | { readonly type: 'bundle'; readonly bundleDatumId: DatumId }
  | { readonly type: 'objects'; readonly objects: PackedObjects }
  | {
      readonly type: 'output';
      readonly pieces: readonly Printed[];
      /** Place of the call that runs among those of the message; undefined between calls. */
      readonly turn: number | undefined;
    }
  | NestedRequestMessage
  | {
      readonly type: 'answers';
      /** Of the first calls of the message, in their order; the others were not begun. */
      readonly answers: readonly CallAnswer[];
      readonly objects: PackedObjects | undefined;
      readonly realm: RealmState;
      /** Time that the calls took. */
      readonly elapsedMs: number;
    }
  /** Calls that were made together touched the realm or failed in an unusual way: none of their outcomes counts. */
  | { readonly type: 'void' }
  /** Code that an earlier call left running has failed: the thread is of no further use. */
  | { readonly type: 'tainted' };
