import type { CommitId } from '@daggerml/object-model';
import { checkCanonical, decodeJson, encodeCanonicalJson } from './canonical-json.ts';
import {
  checkFields,
  checkSchema,
  type FieldForm,
  isCount,
  isExactly,
  isObjectId,
  isRefName,
  isWriterNonce,
} from './fields.ts';
import type { ManifestId } from './manifest.ts';

/** The small mutable value of one ref on a remote. */
export interface RefPointer {
  /** Full name, e.g. `refs/heads/main`. */
  readonly ref: string;
  readonly commitId: CommitId;
  readonly manifestId: ManifestId;
  /** 1 for the first write, one more for each later write. */
  readonly sequence: number;
  /** 32 lowercase hex digits, new for every write: tells one's own write from an equal one of another writer. */
  readonly writerNonce: string;
}

const TYPE = 'ref-pointer';

const REF_POINTER_FIELDS: Readonly<Record<string, FieldForm>> = {
  schema: isExactly(1),
  type: isExactly(TYPE),
  ref: isRefName,
  commitId: isObjectId,
  manifestId: isObjectId,
  sequence: isCount,
  writerNonce: isWriterNonce,
};

/**
 * Yields the canonical bytes of a ref pointer.
 *
 * Throws `remote_value_invalid` when the pointer breaks a rule.
 */
export function encodeRefPointer(pointer: RefPointer): Uint8Array {
  const { ref, commitId, manifestId, sequence, writerNonce } = pointer;
  const value = { schema: 1, type: TYPE, ref, commitId, manifestId, sequence, writerNonce };
  checkFields(TYPE, value, REF_POINTER_FIELDS);
  return encodeCanonicalJson(value, TYPE);
}

/**
 * Yields the ref pointer of its canonical bytes.
 *
 * Throws `remote_value_invalid` with the broken rule, or `remote_schema_newer`.
 */
export function decodeRefPointer(bytes: Uint8Array): RefPointer {
  const value = decodeJson(bytes, TYPE);
  checkSchema(TYPE, value);
  checkFields(TYPE, value, REF_POINTER_FIELDS);
  const {
    schema: _schema,
    type: _type,
    ...pointer
  } = value as unknown as RefPointer & {
    schema: number;
    type: string;
  };
  checkCanonical(TYPE, bytes, encodeRefPointer(pointer));
  return pointer;
}
