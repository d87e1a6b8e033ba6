import type { CommitId, ObjectClass, ObjectId } from '@daggerml/object-model';
import type { TableName } from '../engine/tables.ts';
import type { ObjectName } from '../excision/plan.ts';
import type { ObjectFault } from './object-fault.ts';

/** Something a store promises and does not hold. */
export type Finding =
  | { readonly code: 'object_key_invalid'; readonly keyHex: string }
  | (ObjectName & {
      readonly code: 'object_damaged' | 'tombstone_unlisted' | 'tombstone_missing' | 'stub_outdated';
    })
  /** The reason is code and detail of the object model. */
  | (ObjectName & { readonly code: 'object_undecodable'; readonly reason: string })
  | (ObjectName & { readonly code: 'link_broken'; readonly to: ObjectName })
  /** Written by a later version; no damage. */
  | {
      readonly code: 'object_newer';
      readonly class: ObjectClass | 'unknown';
      readonly objectId: ObjectId;
    }
  | (ObjectName & ObjectFault)
  | { readonly code: 'row_damaged'; readonly table: TableName; readonly keyHex: string }
  /** Written by a later version; no damage. */
  | { readonly code: 'row_newer'; readonly table: TableName; readonly keyHex: string }
  | { readonly code: 'ref_broken'; readonly ref: string; readonly commitId: CommitId }
  | { readonly code: 'journal_gap'; readonly fromSequence: number; readonly toSequence: number }
  | {
      readonly code: 'journal_contradiction';
      readonly sequence: number;
      readonly ref: string;
      /** Commit that the journal had before, and the one that the row says was there. */
      readonly expected: CommitId | null;
      readonly actual: CommitId | null;
    }
  | {
      readonly code: 'ref_sequence_wrong';
      readonly ref: string;
      /** Of the newest journal row of the ref, and what the ref says. */
      readonly expected: number;
      readonly actual: number;
    }
  | {
      readonly code: 'ref_unjournaled';
      readonly ref: string;
      readonly journaled: CommitId | null;
      readonly actual: CommitId | null;
    };

/** A fault that only other objects show, of an object that no ref and no hold reaches: a collection removes it. */
export interface Leftover {
  readonly leftover: Finding;
}

/** Counts of one verification. */
export interface VerifySummary {
  readonly objects: number;
  readonly bytes: number;
  readonly refs: number;
  readonly journalRows: number;
  readonly findings: number;
  /** Faults of objects that no ref and no hold reaches, as a refused import may leave them; none of the findings. */
  readonly leftovers: number;
}

/** Progress of a verification. */
export interface VerifyProgress {
  readonly phase: 'objects' | 'leftovers' | 'rows' | 'refs' | 'journal';
  readonly done: number;
}
