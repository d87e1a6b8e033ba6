import { compareUtf8, MAX_MAP_KEY_BYTES, nfcText } from '@daggerml/object-model';
import { refuseExtraParts } from './extra-parts.ts';
import { isFunctionRef } from './function-brand.ts';
import { describe, type Finding, keyPath, unsupported } from './refusal.ts';

/** A collection of the language, read once. */
export type Collection =
  | { readonly kind: 'list'; readonly items: readonly unknown[] }
  | { readonly kind: 'set'; readonly items: ReadonlySet<unknown> }
  /** Keys are distinct, also after NFC, and in the order of their bytes. */
  | { readonly kind: 'map'; readonly entries: readonly MapEntry[] };

export type MapEntry = readonly [key: string, item: unknown];

/** Reads a collection; throws `unsupported_value` for an object that is none. */
export function readCollection(value: object, path: string): Collection {
  let collection: Collection;
  try {
    if (Array.isArray(value) || value instanceof Set || value instanceof Map) refuseExtraParts(value, path);
    if (Array.isArray(value)) return { kind: 'list', items: value as readonly unknown[] };
    if (value instanceof Set) return { kind: 'set', items: value };
    // @spec DML-BND-0714
    const entries = value instanceof Map ? mapEntries(value, path) : propertiesOf(value, path);
    collection = { kind: 'map', entries: sortedEntries(entries, path) };
  } catch (error) {
    if ((error as { code?: unknown }).code === 'unsupported_value') throw error;
    throw unreadable(path, error);
  }
  return collection;
}

/** Refuses what throws when it is read: a getter, a proxy. */
export function unreadable(path: string, error: unknown): Error {
  const found = 'a value that throws when it is read (a getter or a proxy)';
  return unsupported(path, { found, instead: 'copy what is needed into a plain object' }, error);
}

/** Checks whether a value can hold other values. Does not throw. */
export function isCollection(value: object): boolean {
  try {
    return Array.isArray(value) || value instanceof Set || value instanceof Map || isPlain(value);
  } catch {
    return false;
  }
}

/** Returns what an object may hold, whether it can be stored or not; throws what reading it throws. */
export function itemsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Uint8Array) return [];
  return value instanceof Map ? value.values() : Object.values(value);
}

function propertiesOf(value: object, path: string): MapEntry[] {
  if (isFunctionRef(value)) {
    const found = `a reference to the function ${value.exportName}`;
    throw unsupported(path, { found, instead: 'run it with dag.call and use the handle' });
  }
  if (!isPlain(value)) throw unsupported(path, describe(value));
  const entries = Object.entries(value);
  if (Reflect.ownKeys(value).length !== entries.length) throw unsupported(path, hiddenPart(value));
  // @spec DML-VAL-0302
  return entries.some(([, item]) => item === undefined)
    ? entries.filter(([, item]) => item !== undefined)
    : entries;
}

/** Returns the refusal of an object with a symbol or a hidden property. */
function hiddenPart(value: object): Finding {
  if (Object.prototype.toString.call(value) === '[object Arguments]')
    return { found: 'the arguments of a function', instead: 'use an array: [...arguments]' };
  const key = Reflect.ownKeys(value).find((each) => typeof each === 'symbol' || !isEnumerable(value, each));
  return typeof key === 'symbol'
    ? { found: `an object with the symbol key ${String(key)}`, instead: 'use a string as the key' }
    : {
        found: `an object with the hidden property ${JSON.stringify(key)}`,
        instead: 'copy what is needed: { ...value }',
      };
}

function isEnumerable(value: object, key: PropertyKey): boolean {
  return Object.prototype.propertyIsEnumerable.call(value, key);
}

/** @spec DML-BND-0706 */
function sortedEntries(entries: readonly MapEntry[], path: string): MapEntry[] {
  for (const [key] of entries) checkKey(key, path);
  const sorted = [...entries].sort(([a], [b]) => compareUtf8(a, b));
  refuseEqualKeys(sorted, path);
  return sorted;
}

const ASCII = /^[\u0000-\u007f]*$/;

/** Refuses two keys that a reader cannot tell apart, or that would be one name elsewhere: equal after NFC. */
function refuseEqualKeys(sorted: readonly MapEntry[], path: string): void {
  const seen = new Set<string>();
  for (const [key] of sorted) {
    if (ASCII.test(key)) continue;
    const spelling = nfcText(key);
    // @spec DML-BND-0715
    if (seen.has(spelling)) {
      const found = 'the value of a second key of the same text, in another normal form of Unicode';
      throw unsupported(keyPath(path, key), { found, instead: "use key.normalize('NFC') for all keys" });
    }
    seen.add(spelling);
  }
}

function checkKey(key: string, path: string): void {
  if (!key.isWellFormed()) {
    const found = 'the value of a key with a lone surrogate';
    throw unsupported(keyPath(path, key), { found, instead: 'use key.toWellFormed()' });
  }
  if (key.length * 3 > MAX_MAP_KEY_BYTES && Buffer.byteLength(key) > MAX_MAP_KEY_BYTES) {
    const found = `the value of a key longer than ${MAX_MAP_KEY_BYTES} bytes`;
    throw unsupported(keyPath(path, key), {
      found,
      instead: 'use a shorter key, for example a digest of it',
    });
  }
}

function mapEntries(map: ReadonlyMap<unknown, unknown>, path: string): MapEntry[] {
  return Array.from(map, ([key, item]): MapEntry => {
    if (typeof key === 'string') return [key, item];
    const found = `a Map with a key that is ${typeof key === 'object' ? describe(key).found : `a ${typeof key}`}`;
    throw unsupported(path, { found, instead: 'use text as keys, or a list of pairs: [...map]' });
  });
}

/** Objects of another realm have another `Object.prototype`. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.hasOwn(prototype as object, 'isPrototypeOf') && Object.getPrototypeOf(prototype) === null;
}
