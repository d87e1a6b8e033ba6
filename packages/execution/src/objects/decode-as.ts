import { decodeRecord, type ObjectClass, type Records } from '@daggerml/object-model';

/** Decodes bytes as a record of a class; throws the object model's errors for anything else. */
export function decodeAs<Class extends Exclude<ObjectClass, 'chunk'>>(
  objectClass: Class,
  bytes: Uint8Array,
): Records[Class] {
  return decodeRecord(bytes, objectClass) as Records[Class];
}
