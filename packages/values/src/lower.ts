import {
  copyBytes,
  type Datum,
  type DatumId,
  type Element,
  elementOf,
  encodeElement,
  encodeRecord,
  isDmlError,
  MAX_RECORD_BYTES,
} from '@daggerml/object-model';
import { type MapEntry, readCollection, unreadable } from './collection.ts';
import { collectionRoot } from './collection-root.ts';
import { valuesError } from './errors.ts';
import { refuseExtraBytesParts } from './extra-parts.ts';
import { isStream, lowerContent } from './lower-blob.ts';
import type { ObjectSink } from './object-access.ts';
import { cyclicValue, describe, type Finding, keyPath, missing, shownPath, unsupported } from './refusal.ts';
import { StoredBlob } from './stored-blob.ts';
import { uriText } from './uri.ts';
import { type BlobContent, blobContent, f64Value } from './wrapped-values.ts';

/** Levels of collections inside each other. */
export const MAX_DEPTH = 1000;
/** Collections that are remembered at one time. */
const MAX_KNOWN = 1024;
const MEMBERS_OF_PROGRESS = 10_000;
/** A scalar shares its record with a few bytes of header. */
const MAX_SCALAR_BYTES = MAX_RECORD_BYTES - 64;
const MIN_I64 = -(2n ** 63n);
const MAX_I64 = 2n ** 63n - 1n;

/** Stored forms of blobs from streams, made beforehand. */
export type Prepared = ReadonlyMap<object, DatumId>;

/** A blob from a stream that was not made beforehand, found by who wants to make them. */
export class StreamFound extends Error {}

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
      ? new Lowering(sink, prepared).lower(value, path, 0)
      : lowerPrimitive(value, path);
  return typeof lowered === 'string' ? lowered : sink.putDatum(encodeRecord(lowered));
}

class Lowering {
  readonly #sink: ObjectSink;
  readonly #prepared: Prepared | undefined;
  /** Collections that are being lowered, with their paths. */
  readonly #open = new Map<object, string>();
  /** Some of the collections that were lowered already. */
  readonly #known = new Map<object, DatumId>();
  #members = 0;
  readonly #put: (bytes: Uint8Array) => DatumId;

  constructor(sink: ObjectSink, prepared: Prepared | undefined) {
    this.#sink = sink;
    this.#prepared = prepared;
    this.#put = (bytes) => sink.putDatum(bytes);
  }

  /** Returns the datum of a value, or its id where it is stored already. */
  lower(value: unknown, path: string, depth: number): Datum | DatumId {
    return typeof value === 'object' && value !== null
      ? this.#object(value, path, depth)
      : lowerPrimitive(value, path);
  }

  #object(value: object, path: string, depth: number): Datum | DatumId {
    const whole = this.#whole(value, path);
    if (whole !== undefined) return whole;
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    // @spec DML-BND-0705
    const outer = this.#open.get(value);
    if (outer !== undefined) throw cyclicValue(path, outer);
    if (depth >= MAX_DEPTH) throw tooDeep(path);
    this.#open.set(value, path);
    const datum = this.#collection(value, path, depth);
    this.#open.delete(value);
    return datum;
  }

  /** Returns the datum of an object that is one value; undefined for a collection. */
  #whole(value: object, path: string): Datum | DatumId | undefined {
    const read = wholeOf(value, path);
    if (read === undefined) return undefined;
    if ('blob' in read) return this.#storedBlob(read.blob, path);
    return 'content' in read ? this.#blob(value, read.content, path) : read;
  }

  #collection(value: object, path: string, depth: number): Datum {
    const collection = readCollection(value, path);
    switch (collection.kind) {
      case 'list':
        return this.#list(collection.items, path, depth);
      case 'set':
        return this.#set(collection.items, path, depth);
      case 'map':
        return this.#map(collection.entries, path, depth);
    }
  }

  /** Returns a value that is always an element by itself, and is never refused: its path need not be known. */
  #scalar(value: unknown): Element | undefined {
    if (typeof value !== 'number' && typeof value !== 'boolean' && value !== null) return undefined;
    this.#countMember();
    return lowerPrimitive(value, '') as Element;
  }

  #countMember(): void {
    // @spec DML-EXE-1107
    if (++this.#members % MEMBERS_OF_PROGRESS === 0) this.#sink.whenMembers?.(this.#members);
  }

  #element(value: unknown, path: string, depth: number): Element {
    this.#countMember();
    const lowered = this.lower(value, path, depth + 1);
    if (typeof lowered === 'string') return lowered;
    const element = elementOf(lowered, this.#put);
    if (typeof element === 'string' && typeof value === 'object' && value !== null)
      this.#remember(value, element);
    return element;
  }

  /**
   * Remembers the datum of a collection, so that one that occurs several times is lowered once.
   *
   * @spec DML-BND-0713
   */
  #remember(value: object, datumId: DatumId): void {
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(value, datumId);
  }

  #list(items: readonly unknown[], path: string, depth: number): Datum {
    const elements: Element[] = [];
    for (let index = 0; index < items.length; index++) {
      const item = itemAt(items, index, path);
      elements.push(this.#scalar(item) ?? this.#element(item, `${path}[${index}]`, depth));
    }
    return { type: 'datum', kind: 'list', root: collectionRoot('list', elements, this.#sink) };
  }

  #set(items: ReadonlySet<unknown>, path: string, depth: number): Datum {
    let index = 0;
    const elements: Element[] = [];
    for (const item of items) elements.push(this.#element(item, `${path}{${index++}}`, depth));
    return { type: 'datum', kind: 'set', root: collectionRoot('set', sortedElements(elements), this.#sink) };
  }

  #map(entries: readonly MapEntry[], path: string, depth: number): Datum {
    const elements = entries.map(([key, item]): [string, Element] => [
      key,
      this.#scalar(item) ?? this.#element(item, keyPath(path, key), depth),
    ]);
    return { type: 'datum', kind: 'map', root: collectionRoot('map', elements, this.#sink) };
  }

  #storedBlob(value: StoredBlob, path: string): DatumId {
    const datumId = StoredBlob.datumIdOf(value);
    if (this.#sink.hasDatum(datumId)) return datumId;
    const found = 'a blob of another repository';
    throw unsupported(path, { found, instead: 'use blob(handle.stream())' });
  }

  #blob(value: object, content: BlobContent | { readonly path: string }, path: string): DatumId {
    const prepared = this.#prepared?.get(value);
    if (prepared !== undefined) return prepared;
    if (this.#prepared && isStream(content)) throw new StreamFound();
    const datum = lowerContent(content, this.#sink);
    if (datum === undefined) {
      const found = 'a blob from a stream or a file, which takes time to read';
      throw unsupported(path, { found, instead: 'use await dag.blob(stream) or await dag.file(path)' });
    }
    return this.#sink.putDatum(encodeRecord(datum));
  }
}

type Whole =
  | Datum
  | { readonly blob: StoredBlob }
  | { readonly content: ReturnType<typeof blobContent> & {} };

/** Reads an object that stands for one value; undefined for any other. */
function wholeOf(value: object, path: string): Whole | undefined {
  try {
    // No array is any of what follows.
    if (Array.isArray(value)) return undefined;
    if (value instanceof Uint8Array) return lowerBytes(value, path);
    if (StoredBlob.is(value)) return { blob: value };
    const forced = f64Value(value);
    if (forced !== undefined) return lowerForced(forced, path);
    const uri = uriText(value);
    if (uri !== undefined) return lowerUri(uri, path);
    const content = blobContent(value);
    return content === undefined ? undefined : { content };
  } catch (error) {
    if (isDmlError(error)) throw error;
    throw unreadable(path, error);
  }
}

function lowerPrimitive(value: unknown, path: string): Datum {
  switch (typeof value) {
    case 'boolean':
      return { type: 'datum', kind: 'bool', value };
    case 'number':
      return lowerNumber(value);
    case 'bigint':
      if (value < MIN_I64 || value > MAX_I64) throw unsupported(path, outOfRange);
      return { type: 'datum', kind: 'i64', value };
    case 'string':
      return lowerString(value, path);
    case 'object':
      return { type: 'datum', kind: 'null' };
    case 'undefined':
      throw unsupported(path, missing(path));
    default:
      throw unsupported(path, describe(value));
  }
}

const outOfRange: Finding = {
  found: 'a bigint outside of -2^63 to 2^63 - 1',
  instead: 'use its text, or f64(Number(value)) where the last digits do not matter',
};

function lowerNumber(value: number): Datum {
  return Number.isSafeInteger(value)
    ? { type: 'datum', kind: 'i64', value: BigInt(value) }
    : { type: 'datum', kind: 'f64', value };
}

function lowerString(value: string, path: string): Datum {
  if (!value.isWellFormed()) {
    const found = 'a string with a lone surrogate';
    throw unsupported(path, { found, instead: 'use text.toWellFormed(), or its bytes' });
  }
  if (value.length * 3 > MAX_SCALAR_BYTES && Buffer.byteLength(value) > MAX_SCALAR_BYTES) {
    throw unsupported(path, { found: 'a string longer than a record holds', instead: 'use blob(text)' });
  }
  return { type: 'datum', kind: 'string', value };
}

function lowerBytes(value: Uint8Array, path: string): Datum {
  if (value.length > MAX_SCALAR_BYTES) {
    throw unsupported(path, { found: 'more bytes than a record holds', instead: 'use blob(bytes)' });
  }
  refuseExtraBytesParts(value, path);
  return { type: 'datum', kind: 'bytes', value: copyBytes(value) };
}

function lowerForced(value: unknown, path: string): Datum {
  if (typeof value !== 'number') {
    throw unsupported(path, {
      found: 'f64() of something other than a number',
      instead: 'use f64(Number(value))',
    });
  }
  return { type: 'datum', kind: 'f64', value: value === 0 ? 0 : value };
}

function lowerUri(text: string, path: string): Datum {
  // @spec DML-BND-1003
  if (/^dml:/i.test(text)) throw valuesError('reserved_scheme', { path: shownPath(path), uri: text });
  return { type: 'datum', kind: 'uri', value: text };
}

function itemAt(items: readonly unknown[], index: number, path: string): unknown {
  try {
    if (index in items) return items[index];
  } catch (error) {
    throw unreadable(`${path}[${index}]`, error);
  }
  throw unsupported(`${path}[${index}]`, { found: 'a hole in an array', instead: 'use null' });
}

/** Refuses a value that no stack could walk. */
export function tooDeep(path: string): Error {
  const found = `nested deeper than ${MAX_DEPTH} levels`;
  const shown = path.length > 80 ? `${path.slice(0, 80)}…` : path;
  return unsupported(shown, { found, instead: 'store it flat, for example as a list of nodes' });
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
