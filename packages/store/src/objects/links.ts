import {
  decodeRecord,
  type ExecutionKey,
  executionKey,
  type ObjectClass,
  type ObjectId,
  recordLinks,
} from '@daggerml/object-model';
import { ifReadable } from './if-readable.ts';

/** An object another object names. */
export interface Link {
  readonly class: ObjectClass;
  readonly id: ObjectId;
}

/**
 * Returns every object the bytes of an object link to, in the order of the bytes, repeats included.
 * Throws the object model's error for bytes that are no record of the class.
 */
export function linksOf(bytes: Uint8Array, objectClass: ObjectClass): readonly Link[] {
  if (objectClass === 'chunk') return [];
  return recordLinks(decodeRecord(bytes, objectClass)).map((link) => ({
    class: link.objectClass,
    id: link.id,
  }));
}

/** Returns the execution key of an exec from its bytes, undefined for bytes that are no exec and so in no index. */
export function executionKeyOf(bytes: Uint8Array): ExecutionKey | undefined {
  const exec = ifReadable(() => decodeRecord(bytes, 'exec'));
  return exec && executionKey(exec.functionDatumId, exec.inputs);
}
