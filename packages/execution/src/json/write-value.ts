import {
  type BlobDatum,
  type Datum,
  type DatumId,
  type Element,
  type LeafEntries,
  type ScalarDatum,
  type TreeRoot,
  treeEntries,
} from '@daggerml/object-model';
import type { ObjectSource } from '@daggerml/values';

export interface WriteOptions {
  readonly source: ObjectSource;
  /** Returns the path of a file that will hold the bytes of a blob. */
  readonly pathOf: (datumId: DatumId, datum: BlobDatum) => string;
  /** Characters that the text may have. */
  readonly maxCharacters: number;
}

/** The JSON of a value is longer than it may be. */
export class JsonTooLong extends Error {}

/**
 * Returns the JSON form of a datum, from which `readJsonValue` makes the same datum. Throws `JsonTooLong`, and
 * `object_missing` for an incomplete datum.
 *
 * @spec DML-EXE-3200
 */
export function writeJsonValue(datumId: DatumId, options: WriteOptions): string {
  const writer = new Writer(options);
  writer.datum(datumId);
  return writer.text();
}

class Writer {
  readonly #options: WriteOptions;
  readonly #pieces: string[] = [];
  #characters = 0;

  constructor(options: WriteOptions) {
    this.#options = options;
  }

  text(): string {
    return this.#pieces.join('');
  }

  datum(datumId: DatumId): void {
    const datum: Datum = this.#options.source.readDatum(datumId);
    switch (datum.kind) {
      case 'list':
        return this.#items('list', datum.root);
      case 'set':
        this.#add('{"$set":');
        this.#items('set', datum.root);
        return this.#add('}');
      case 'map':
        return this.#map(datum.root);
      case 'blob': {
        const { contentSha256: sha256, sizeBytes } = datum;
        return this.#add(JSON.stringify({ $file: this.#options.pathOf(datumId, datum), sha256, sizeBytes }));
      }
      default:
        return this.#add(scalarJson(datum));
    }
  }

  #element(element: Element): void {
    if (typeof element === 'string') this.datum(element);
    else this.#add(scalarJson(element));
  }

  #items(role: 'list' | 'set', root: TreeRoot<'list'> | TreeRoot<'set'>): void {
    let separator = '[';
    for (const element of this.#entries(role, root as TreeRoot<typeof role>)) {
      this.#add(separator);
      this.#element(element as Element);
      separator = ',';
    }
    this.#add(separator === '[' ? '[]' : ']');
  }

  #map(root: TreeRoot<'map'>): void {
    const entries = [...this.#entries('map', root)];
    const isTagged = entries.some(([key]) => key.startsWith('$'));
    this.#add(isTagged ? '{"$map":{' : '{');
    entries.forEach(([key, element], index) => {
      this.#add(`${index === 0 ? '' : ','}${JSON.stringify(key)}:`);
      this.#element(element);
    });
    this.#add(isTagged ? '}}' : '}');
  }

  #entries<Role extends 'list' | 'set' | 'map'>(
    role: Role,
    root: TreeRoot<Role>,
  ): Iterable<LeafEntries[Role]> {
    return typeof root === 'string' ? treeEntries(role, root, this.#options.source) : root;
  }

  #add(piece: string): void {
    this.#characters += piece.length;
    if (this.#characters > this.#options.maxCharacters) throw new JsonTooLong();
    this.#pieces.push(piece);
  }
}

function scalarJson(datum: ScalarDatum): string {
  switch (datum.kind) {
    case 'i64':
      return integerJson(datum.value);
    case 'f64':
      return floatJson(datum.value);
    case 'uri':
      return JSON.stringify({ $uri: datum.value });
    case 'bytes':
      return JSON.stringify({ $bytes: Buffer.from(datum.value).toString('base64') });
    case 'null':
      return 'null';
    default:
      return JSON.stringify(datum.value);
  }
}

/** Returns an integer as a number where every reader keeps its digits. */
function integerJson(value: bigint): string {
  const isSafe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
  return isSafe ? String(value) : JSON.stringify({ $i64: String(value) });
}

function floatJson(value: number): string {
  if (Number.isNaN(value)) return '{"$f64":"nan"}';
  if (!Number.isFinite(value)) return value > 0 ? '{"$f64":"inf"}' : '{"$f64":"-inf"}';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
