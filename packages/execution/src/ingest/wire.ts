import type { BlobDatum } from '@daggerml/object-model';
import type { PackedObjects } from '../worker/packed-objects.ts';

/** What the thread is started with. */
export interface IngestOrder {
  readonly path: string;
}

/** What the thread reports; every `objects` is answered by `taken`. */
export type FromIngest =
  | { readonly type: 'objects'; readonly objects: PackedObjects }
  | { readonly type: 'done'; readonly datum: BlobDatum }
  | { readonly type: 'unreadable'; readonly path: string; readonly reason: string; readonly cause: unknown };

export interface ToIngest {
  readonly type: 'taken';
}
