import type { BlobDatum } from '@daggerml/object-model';
import type { FileIdentity } from '../files/file-identity.ts';
import type { PackedObjects } from '../worker/packed-objects.ts';
import type { TakenMessage } from '../worker/wire.ts';

/** One file to read. */
export interface IngestOrder {
  readonly path: string;
  /** The state in which the file has to be. */
  readonly seen: FileIdentity | undefined;
}

/** Reports of the thread about a file: any number of `objects`, each answered by `taken`, and one of the others. */
export type FromIngest =
  | { readonly type: 'objects'; readonly objects: PackedObjects }
  | { readonly type: 'done'; readonly datum: BlobDatum }
  | { readonly type: 'unreadable'; readonly path: string; readonly reason: string; readonly cause: unknown };

export type ToIngest = { readonly type: 'order'; readonly order: IngestOrder } | TakenMessage;
