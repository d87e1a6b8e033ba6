import {
  type DatumId,
  decodeRecord,
  OBJECT_CLASSES,
  type ObjectClass,
  type ObjectId,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { iterateRows, readKeys } from '../engine/reading.ts';
import { CLASS_BYTES, parseObjectKey } from '../tables/keyspace.ts';
import { ifReadable } from './if-readable.ts';

/** An object found by name. */
export interface FoundObject {
  readonly class: ObjectClass;
  readonly objectId: ObjectId;
}

/** The object that an abbreviated id stands for; candidates are cut at the limit of the question. */
export type PrefixResult =
  | ({ readonly state: 'unique' } & FoundObject)
  | { readonly state: 'ambiguous'; readonly candidates: readonly FoundObject[] }
  | { readonly state: 'none' };

const PREFIX = /^[0-9a-f]{4,64}$/;
/** Objects that an abbreviated name may stand for before the others are left out. */
const MAX_CANDIDATES = 20;

/** Returns the range of keys of one class whose ids start with the digits given. */
export function classRange(objectClass: ObjectClass, digits: string): { start: Buffer; end: Buffer } {
  const first = CLASS_BYTES[objectClass].toString(16).padStart(2, '0');
  return {
    start: Buffer.from(first + digits.padEnd(64, '0'), 'hex'),
    end: Buffer.from(`${first}${digits.padEnd(64, 'f')}ff`, 'hex'),
  };
}

/**
 * Finds the objects whose ids start with `digits`, in every class or in one.
 * Costs one seek per class; at most 20 candidates are read.
 */
export function resolvePrefix(engine: Engine, digits: string, objectClass?: ObjectClass): PrefixResult {
  const prefix = digits.toLowerCase();
  // @spec DML-STO-0223
  if (!PREFIX.test(prefix)) return { state: 'none' };
  const candidates: FoundObject[] = [];
  for (const each of objectClass === undefined ? OBJECT_CLASSES : [objectClass]) {
    const room = MAX_CANDIDATES - candidates.length;
    if (room <= 0) break;
    for (const key of readKeys(engine, 'objects', { ...classRange(each, prefix), limit: room })) {
      const found = parseObjectKey(key);
      if (found !== undefined) candidates.push({ class: found.class, objectId: found.id });
    }
  }
  const [only] = candidates;
  if (only === undefined) return { state: 'none' };
  // @spec DML-STO-0222
  if (candidates.length > 1) return { state: 'ambiguous', candidates };
  // @spec DML-STO-0221
  return { state: 'unique', ...only };
}

/**
 * Returns the blobs whose content hash starts with `digits` (4 to 64 hex digits), at most 20. O(datums of the store):
 * nothing is indexed by content.
 */
export function findBlobs(engine: Engine, digits: string): DatumId[] {
  const prefix = digits.toLowerCase();
  if (!PREFIX.test(prefix)) return [];
  const wholeBytes = Buffer.from(prefix.slice(0, prefix.length - (prefix.length % 2)), 'hex');
  const found: DatumId[] = [];
  for (const { key, value } of iterateRows(engine, 'objects', classRange('datum', ''))) {
    if (!value.includes(wholeBytes)) continue;
    const id = parseObjectKey(key)?.id;
    if (id !== undefined && contentHashOf(value)?.startsWith(prefix)) found.push(id as DatumId);
    if (found.length === MAX_CANDIDATES) break;
  }
  return found;
}

/** Returns the content hash of a blob; undefined for another datum, and for bytes that cannot be read. */
function contentHashOf(bytes: Buffer): string | undefined {
  const datum = ifReadable(() => decodeRecord(bytes, 'datum'));
  return datum?.kind === 'blob' ? datum.contentSha256 : undefined;
}
