import { hashBytes, type ObjectClass } from '@daggerml/object-model';
import type { SentObject } from '../src/format/segment.ts';

/** Returns an object of a class whose bytes are a text; they need not be those of a record. */
export function objectOf(text: string, objectClass: ObjectClass = 'chunk'): SentObject {
  const bytes = Buffer.from(text);
  return { class: objectClass, id: hashBytes(bytes), bytes };
}

/** Returns several objects of some size. */
export function objectsOf(count: number, sizeBytes: number, prefix = 'object'): SentObject[] {
  return Array.from({ length: count }, (_, at) => objectOf(`${prefix} ${at} `.padEnd(sizeBytes, '.')));
}

/** Name of a segment for tests that read none. */
export const SEGMENT_NAME: string = `0-${'a'.repeat(64)}-${'b'.repeat(32)}`;
