import type { CommitId } from '@daggerml/object-model';
import { isCount, isObjectId, isRefName, isWriterNonce } from './fields.ts';
import type { ManifestId } from './manifest.ts';
import { decodeValue, encodeValue, type ValueForm } from './remote-value.ts';

/** The small mutable value of one ref on a remote. */
export interface RefPointer {
  /** Full name, e.g. `refs/heads/main`. */
  readonly ref: string;
  readonly commitId: CommitId;
  readonly manifestId: ManifestId;
  /** 1 for the first write, one more for each later write. */
  readonly sequence: number;
  /** 32 lowercase hex digits, new for every write: distinguishes one's own write from an equal one of another writer. */
  readonly writerNonce: string;
}

const REF_POINTER: ValueForm = {
  type: 'ref-pointer',
  fields: {
    ref: isRefName,
    commitId: isObjectId,
    manifestId: isObjectId,
    sequence: isCount,
    writerNonce: isWriterNonce,
  },
};

/**
 * Returns the canonical bytes of a ref pointer.
 *
 * Throws `remote_value_invalid` when the pointer breaks a rule.
 */
export function encodeRefPointer(pointer: RefPointer): Uint8Array {
  const { ref, commitId, manifestId, sequence, writerNonce } = pointer;
  return encodeValue(REF_POINTER, { ref, commitId, manifestId, sequence, writerNonce });
}

/**
 * Returns the ref pointer of its canonical bytes.
 *
 * Throws `remote_value_invalid` with the broken rule, or `remote_schema_newer`.
 */
export function decodeRefPointer(bytes: Uint8Array): RefPointer {
  return decodeValue(REF_POINTER, bytes) as unknown as RefPointer;
}
