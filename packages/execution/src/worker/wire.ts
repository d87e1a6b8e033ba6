import type { DatumId, ObjectClass } from '@daggerml/object-model';
import type { PackedObjects } from './packed-objects.ts';

/** Asks a worker to call one exported function. A worker runs one call at a time. */
export interface RunMessage {
  readonly type: 'run';
  readonly bundleDatumId: DatumId;
  readonly exportName: string;
  readonly inputDatumIds: readonly DatumId[];
  /** Everything the inputs are made of, except for the chunks of their blobs. */
  readonly objects: PackedObjects;
}

/** Answers a worker's request for an object; null when the store does not have it. */
export interface ObjectMessage {
  readonly type: 'object';
  readonly request: number;
  readonly bytes: Uint8Array | null;
}

/** Tells the worker that a batch of objects was taken over. */
export interface TakenMessage {
  readonly type: 'taken';
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

export type ToWorker = RunMessage | ObjectMessage | TakenMessage | BundleMessage;

/** A failure that the function's own code caused. */
export interface FunctionFailure {
  readonly code:
    | 'function_threw'
    | 'function_exited'
    | 'unsupported_value'
    | 'cyclic_value'
    | 'never_settled';
  readonly message: string;
  /** Where it was thrown: positions in the bundle, innermost first. */
  readonly trace: readonly string[];
}

export type FromWorker =
  | {
      readonly type: 'read';
      readonly request: number;
      readonly objectClass: ObjectClass;
      readonly objectId: string;
    }
  | { readonly type: 'bundle'; readonly bundleDatumId: DatumId }
  /** What came as the bundle is not what its id names; nothing of it was run. */
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'objects'; readonly objects: PackedObjects }
  | { readonly type: 'done'; readonly datumId: DatumId }
  /** A stray failure came from code that the call left running, so the thread is of no further use. */
  | { readonly type: 'threw'; readonly failure: FunctionFailure; readonly stray: boolean }
  /** Code that an earlier call left running has failed: the thread is of no further use. */
  | { readonly type: 'tainted' };
