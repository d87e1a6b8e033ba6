import {
  type CommitId,
  decodeRecord,
  type ExecutionKey,
  executionKey,
  isDmlError,
  type ObjectClass,
  type ObjectId,
  recordLinks,
} from '@daggerml/object-model';

/** An object another object names. */
export interface Link {
  readonly class: ObjectClass;
  readonly id: ObjectId;
}

const NO_LINKS: readonly Link[] = [];

/**
 * Returns every object the bytes of an object link to, in the order of the bytes, repeats included.
 * Throws the object model's error for bytes that are no record of the class.
 */
export function scanLinks(bytes: Uint8Array, objectClass: ObjectClass): readonly Link[] {
  if (objectClass === 'chunk') return NO_LINKS;
  return recordLinks(decodeRecord(bytes, objectClass)).map((link) => ({
    class: link.objectClass,
    id: link.id,
  }));
}

/** Returns the links of an object as `scanLinks` does, none for bytes that are no record of the class. */
export function linksOf(bytes: Uint8Array, objectClass: ObjectClass): readonly Link[] {
  try {
    return scanLinks(bytes, objectClass);
  } catch (error) {
    if (isDmlError(error)) return NO_LINKS;
    throw error;
  }
}

/** Returns the parents of a commit from its bytes. */
export function parentCommitIds(bytes: Uint8Array): readonly CommitId[] {
  return decodeRecord(bytes, 'commit').parentCommitIds;
}

/** Returns the execution key of an exec from its bytes, undefined for bytes that are no exec and so in no index. */
export function executionKeyOf(bytes: Uint8Array): ExecutionKey | undefined {
  try {
    const { functionDatumId, inputs } = decodeRecord(bytes, 'exec');
    return executionKey(functionDatumId, inputs);
  } catch (error) {
    if (isDmlError(error)) return undefined;
    throw error;
  }
}
