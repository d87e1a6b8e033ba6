import {
  buildTree,
  canonicalText,
  compareUtf8,
  type Datum,
  type DatumId,
  type Element,
  elementOf,
  encodeElement,
  encodeRecord,
  MAX_MAP_KEY_BYTES,
  MAX_RECORD_BYTES,
} from '@daggerml/object-model';
import { type BlobContent, blobContent, f64Value } from '../authoring/values.ts';
import { executionError } from '../errors.ts';
import { lowerContent } from './lower-blob.ts';
import type { ObjectSink } from './object-access.ts';
import { StoredBlob } from './stored-blob.ts';
import { uriText } from './uri.ts';

const MAX_DEPTH = 1000;
/** A scalar shares its record with a few bytes of header. */
const MAX_SCALAR_BYTES = MAX_RECORD_BYTES - 64;
const MIN_I64 = -(2n ** 63n);
const MAX_I64 = 2n ** 63n - 1n;

/** Gives the stored form of values that lowering cannot make by itself: blobs from streams, made beforehand. */
export type Prepared = ReadonlyMap<object, DatumId>;
const nothingPrepared: Prepared = new Map();

/**
 * Stores the datum of a language value and yields its id; `path` names the value in refusals.
 *
 * Throws `unsupported_value` and `cyclic_value`.
 *
 * @spec DML-BND-0701
 */
export function lowerValue(value: unknown, sink: ObjectSink, path: string, prepared?: Prepared): DatumId {
  const lowered =
    typeof value === 'object' && value !== null
      ? new Lowering(sink, prepared ?? nothingPrepared).lower(value, path, 0)
      : lowerPrimitive(value, path);
  return typeof lowered === 'string' ? lowered : sink.putDatum(encodeRecord(lowered));
}

class Lowering {
  readonly #sink: ObjectSink;
  readonly #prepared: Prepared;
  readonly #open = new Set<object>();
  readonly #put: (bytes: Uint8Array) => DatumId;

  constructor(sink: ObjectSink, prepared: Prepared) {
    this.#sink = sink;
    this.#prepared = prepared;
    this.#put = (bytes) => sink.putDatum(bytes);
  }

  /** The datum of a value, or its id where it is stored already. */
  lower(value: unknown, path: string, depth: number): Datum | DatumId {
    return typeof value === 'object' && value !== null
      ? this.#object(value, path, depth)
      : lowerPrimitive(value, path);
  }

  #object(value: object, path: string, depth: number): Datum | DatumId {
    if (value instanceof Uint8Array) return lowerBytes(value, path);
    if (StoredBlob.is(value)) return this.#storedBlob(value, path);
    const forced = f64Value(value);
    if (forced !== undefined) return lowerForced(forced, path);
    const uri = uriText(value);
    if (uri !== undefined) return lowerUri(uri, path);
    const content = blobContent(value);
    if (content !== undefined) return this.#blob(value, content, path);
    // @spec DML-BND-0705
    if (this.#open.has(value)) throw executionError('cyclic_value', { path });
    if (depth >= MAX_DEPTH) throw unsupported(path, `a value nested deeper than ${MAX_DEPTH} levels`);
    this.#open.add(value);
    const datum = this.#collection(value, path, depth);
    this.#open.delete(value);
    return datum;
  }

  #collection(value: object, path: string, depth: number): Datum {
    if (Array.isArray(value)) return this.#list(value, path, depth);
    if (value instanceof Set) return this.#set(value, path, depth);
    if (value instanceof Map) return this.#map(mapEntries(value, path), path, depth);
    if (!isPlain(value)) throw unsupported(path, describe(value));
    const symbol = Object.getOwnPropertySymbols(value).find((key) =>
      Object.prototype.propertyIsEnumerable.call(value, key),
    );
    if (symbol !== undefined) throw unsupported(path, `an object with the symbol key ${String(symbol)}`);
    return this.#map(Object.entries(value), path, depth);
  }

  #element(value: unknown, path: string, depth: number): Element {
    const lowered = this.lower(value, path, depth + 1);
    return typeof lowered === 'string' ? lowered : elementOf(lowered, this.#put);
  }

  #list(items: readonly unknown[], path: string, depth: number): Datum {
    const elements: Element[] = [];
    for (let index = 0; index < items.length; index++) {
      if (!(index in items)) throw unsupported(`${path}[${index}]`, 'a hole in an array');
      elements.push(this.#element(items[index], `${path}[${index}]`, depth));
    }
    return { type: 'datum', kind: 'list', root: buildTree('list', elements, this.#sink) };
  }

  #set(items: ReadonlySet<unknown>, path: string, depth: number): Datum {
    let index = 0;
    const elements: Element[] = [];
    for (const item of items) elements.push(this.#element(item, `${path}{${index++}}`, depth));
    return { type: 'datum', kind: 'set', root: buildTree('set', sortedElements(elements), this.#sink) };
  }

  #map(entries: readonly (readonly [string, unknown])[], path: string, depth: number): Datum {
    const sorted = entries.map(([key, value]): [string, Element] => {
      const at = `${path}${keyPath(key, path)}`;
      if (!key.isWellFormed()) throw unsupported(at, 'a key with a lone surrogate');
      const text = canonicalText(key);
      if (text.length * 3 > MAX_MAP_KEY_BYTES && Buffer.byteLength(text) > MAX_MAP_KEY_BYTES) {
        throw unsupported(path, `a key longer than ${MAX_MAP_KEY_BYTES} bytes`);
      }
      return [text, this.#element(value, at, depth)];
    });
    // @spec DML-BND-0706
    sorted.sort(([a], [b]) => compareUtf8(a, b));
    for (let index = 1; index < sorted.length; index++) {
      const [key] = sorted[index] as [string, Element];
      if (sorted[index - 1]?.[0] === key)
        throw unsupported(`${path}${keyPath(key, path)}`, 'a second key of the same text');
    }
    return { type: 'datum', kind: 'map', root: buildTree('map', sorted, this.#sink) };
  }

  #storedBlob(value: StoredBlob, path: string): DatumId {
    const datumId = StoredBlob.datumIdOf(value);
    if (this.#sink.hasDatum(datumId)) return datumId;
    throw unsupported(path, 'a blob of another repository; pass blob(handle.stream())');
  }

  #blob(value: object, content: BlobContent | { readonly path: string }, path: string): DatumId {
    const prepared = this.#prepared.get(value);
    if (prepared !== undefined) return prepared;
    const datum = lowerContent(content, this.#sink);
    if (datum === undefined)
      throw unsupported(path, 'a blob from a stream or file outside of an asynchronous place');
    return this.#sink.putDatum(encodeRecord(datum));
  }
}

function lowerPrimitive(value: unknown, path: string): Datum {
  switch (typeof value) {
    case 'boolean':
      return { type: 'datum', kind: 'bool', value };
    case 'number':
      return lowerNumber(value);
    case 'bigint':
      if (value < MIN_I64 || value > MAX_I64) throw unsupported(path, 'a bigint outside of the 64-bit range');
      return { type: 'datum', kind: 'i64', value };
    case 'string':
      return lowerString(value, path);
    case 'object':
      return { type: 'datum', kind: 'null' };
    case 'undefined':
      throw unsupported(path, 'undefined');
    default:
      throw unsupported(path, `a ${typeof value}`);
  }
}

function lowerNumber(value: number): Datum {
  return Number.isSafeInteger(value)
    ? { type: 'datum', kind: 'i64', value: BigInt(value) }
    : { type: 'datum', kind: 'f64', value };
}

function lowerString(value: string, path: string): Datum {
  if (!value.isWellFormed()) throw unsupported(path, 'a string with a lone surrogate');
  const text = canonicalText(value);
  if (text.length * 3 > MAX_SCALAR_BYTES && Buffer.byteLength(text) > MAX_SCALAR_BYTES) {
    throw unsupported(path, 'a string longer than a record holds; pass blob(text)');
  }
  return { type: 'datum', kind: 'string', value: text };
}

function lowerBytes(value: Uint8Array, path: string): Datum {
  if (value.length > MAX_SCALAR_BYTES) {
    throw unsupported(path, 'more bytes than a record holds; pass blob(bytes)');
  }
  return { type: 'datum', kind: 'bytes', value: value.slice() };
}

function lowerForced(value: unknown, path: string): Datum {
  if (typeof value !== 'number') throw unsupported(path, 'f64() of something other than a number');
  return { type: 'datum', kind: 'f64', value: value === 0 ? 0 : value };
}

/** @spec DML-BND-1003 */
function lowerUri(text: string, path: string): Datum {
  if (/^dml:/i.test(text)) throw executionError('reserved_scheme', { path, uri: text });
  return { type: 'datum', kind: 'uri', value: text };
}

function mapEntries(map: ReadonlyMap<unknown, unknown>, path: string): [string, unknown][] {
  return Array.from(map, ([key, value]): [string, unknown] => {
    if (typeof key !== 'string') throw unsupported(`${path}(key)`, `a map key that is ${describe(key)}`);
    return [key, value];
  });
}

/** Puts elements into the order of a set and drops equal ones. */
export function sortedElements(elements: readonly Element[]): Element[] {
  const encoded = elements.map((element) => ({ element, bytes: encodeElement(element) }));
  encoded.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  return encoded
    .filter(
      ({ bytes }, index) =>
        index === 0 || Buffer.compare((encoded[index - 1] as (typeof encoded)[0]).bytes, bytes) !== 0,
    )
    .map(({ element }) => element);
}

/** Objects of another realm have another `Object.prototype`. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.hasOwn(prototype as object, 'isPrototypeOf') && Object.getPrototypeOf(prototype) === null;
}

/** How a refusal calls a value. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  if (value instanceof Promise) return 'a promise; await it first';
  if (value instanceof Date) return 'a Date; pass its ISO string or its milliseconds';
  if (ArrayBuffer.isView(value)) return `a ${String(name)}; pass an array or its bytes as a Uint8Array`;
  return typeof name === 'string' && name !== ''
    ? `an instance of ${name}`
    : 'an object with a prototype of its own';
}

const plainKey = /^[A-Za-z_$][\w$]*$/;

function keyPath(key: string, path: string): string {
  if (!plainKey.test(key)) return `[${JSON.stringify(key)}]`;
  return path === '' ? key : `.${key}`;
}

/**
 * @spec DML-BND-0702
 * @spec DML-BND-0703
 */
function unsupported(path: string, found: string): Error {
  return executionError('unsupported_value', { path: path === '' ? 'the value' : path, found });
}
