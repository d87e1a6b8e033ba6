import type { CommitId, ObjectClass, ObjectId } from '@daggerml/object-model';
import type { TableName } from '../engine/tables.ts';

/** Something a store promises and does not hold. */
export type Finding =
  | { readonly code: 'object_key_invalid'; readonly keyHex: string }
  | { readonly code: 'object_damaged'; readonly class: ObjectClass; readonly objectId: ObjectId }
  | {
      readonly code: 'object_undecodable';
      readonly class: ObjectClass;
      readonly objectId: ObjectId;
      /** Code and detail of the object model. */
      readonly reason: string;
    }
  | {
      readonly code: 'link_broken';
      readonly class: ObjectClass;
      readonly objectId: ObjectId;
      readonly to: { readonly class: ObjectClass; readonly objectId: ObjectId };
    }
  | {
      readonly code: 'element_linked';
      readonly class: ObjectClass;
      readonly objectId: ObjectId;
      /** The datum that should stand in place. */
      readonly to: { readonly class: ObjectClass; readonly objectId: ObjectId };
    }
  | {
      readonly code: 'tree_not_canonical';
      readonly class: ObjectClass;
      readonly objectId: ObjectId;
      readonly role: string;
      readonly fault: string;
      readonly pageId: ObjectId | undefined;
    }
  | { readonly code: 'blob_wrong'; readonly objectId: ObjectId; readonly reason: string }
  | { readonly code: 'tombstone_unlisted'; readonly class: ObjectClass; readonly objectId: ObjectId }
  | { readonly code: 'tombstone_missing'; readonly class: ObjectClass; readonly objectId: ObjectId }
  | { readonly code: 'row_damaged'; readonly table: TableName; readonly keyHex: string }
  | { readonly code: 'ref_broken'; readonly ref: string; readonly commitId: CommitId }
  | { readonly code: 'journal_gap'; readonly fromSequence: number; readonly toSequence: number }
  | {
      readonly code: 'journal_contradiction';
      readonly sequence: number;
      readonly ref: string;
      /** What the journal had before, and what the row says was there. */
      readonly expected: CommitId | null;
      readonly actual: CommitId | null;
    }
  | {
      readonly code: 'ref_unjournaled';
      readonly ref: string;
      readonly journaled: CommitId | null;
      readonly actual: CommitId | null;
    };

/** What one verification looked at. */
export interface VerifySummary {
  readonly objects: number;
  readonly bytes: number;
  readonly refs: number;
  readonly journalRows: number;
  readonly findings: number;
}

/** What a verification is doing. */
export interface VerifyProgress {
  readonly phase: 'objects' | 'rows' | 'refs' | 'journal';
  readonly done: number;
}
