import { type Item, readItem } from './cbor-items.ts';
import type { DocumentTables, Place } from './document-tables.ts';

/** A link out of a record, as vectors list it. */
export interface ListedLink {
  readonly class: string;
  readonly id: string;
}

/** The reading of a record's bytes by the tables. */
export interface ReadRecord {
  readonly json: Readonly<Record<string, unknown>>;
  readonly links: readonly ListedLink[];
}

/** Refusal of bytes by the tables; the detail is one of the document's. */
export class Refusal extends Error {
  readonly detail: string;

  constructor(detail: string) {
    super(detail);
    this.detail = detail;
  }
}

function refuse(detail: string): never {
  throw new Refusal(detail);
}

const CODEC_RAW = 0x55;
const CODEC_DAG_CBOR = 0x71;
const MAX_COUNT = 2n ** 53n - 1n;
const CHUNK_CLASS = 12;

/** Reads records by the tables of the document. */
export class DocumentReader {
  readonly #tables: DocumentTables;
  readonly #typeByNumber: ReadonlyMap<number, string>;
  #links: ListedLink[] = [];

  constructor(tables: DocumentTables) {
    this.#tables = tables;
    this.#typeByNumber = new Map([...tables.types].map(([type, number]) => [number, type]));
  }

  /** Reads the bytes of a record, of a type where one is expected; throws a {@link Refusal}. */
  read(bytes: Uint8Array, expected?: string): ReadRecord {
    this.#links = [];
    const type = this.#header(bytes, expected);
    const record = readItem(bytes) as { readonly items: readonly Item[] };
    const places = record.items.slice(2);
    if (type === 'page') return { json: this.#page(places), links: this.#links };
    const kinds = this.#tables.kinds.get(type as 'datum' | 'node');
    const json =
      kinds === undefined ? this.#fixed(type, places) : this.#ofKind(type as 'datum' | 'node', places);
    return { json, links: this.#links };
  }

  /** Judges the header, and the kind behind it, from single bytes. */
  #header(bytes: Uint8Array, expected: string | undefined): string {
    if (bytes.length > 1_048_576) refuse('record_size');
    if (bytes.length < 3) refuse('truncated');
    if (bytes[0]! < 0x83 || bytes[0]! > 0x97) refuse('record_form');
    const version = numberOf(bytes[1]!) ?? refuse('record_form');
    if (version > 1) refuse('newer_version');
    if (version < 1) refuse('format_version');
    const typeNumber = numberOf(bytes[2]!) ?? refuse('record_form');
    if (typeNumber > Math.max(...this.#typeByNumber.keys())) refuse('newer_type');
    const type = this.#typeByNumber.get(typeNumber) ?? refuse('record_type');
    if (expected !== undefined && expected !== type) {
      refuse(type === 'tombstone' ? 'excised' : type === 'stub' ? 'withheld' : 'unexpected_type');
    }
    const highest = this.#highestKind(type);
    const kind = highest === undefined || bytes.length < 4 ? undefined : numberOf(bytes[3]!);
    if (kind !== undefined && kind > highest!) refuse('newer_kind');
    if (kind === 0) refuse(type === 'page' ? 'page_role' : `${type}_kind`);
    return type;
  }

  #highestKind(type: string): number | undefined {
    if (type === 'page') return this.#tables.roles.size;
    return this.#tables.kinds.get(type as 'datum' | 'node')?.size;
  }

  #ofKind(type: 'datum' | 'node', places: readonly Item[]): Record<string, unknown> {
    const kinds = this.#tables.kinds.get(type)!;
    const number = registered(places[0], kinds.size, `${type}_kind`);
    const [kind, { places: named }] =
      [...kinds].find((entry) => entry[1].number === number) ?? refuse(`${type}_kind`);
    const optional = named.filter(({ form }) => form.endsWith('or the record ends before it')).length;
    const rest = places.slice(1);
    if (rest.length > named.length || rest.length < named.length - optional) refuse('field_count');
    return { type, kind, ...this.#fields(named, rest) };
  }

  #fixed(type: string, items: readonly Item[]): Record<string, unknown> {
    const places = this.#tables.places.get(type)!;
    if (type !== 'exec') {
      if (items.length !== places.length) refuse('field_count');
      return { type, ...this.#fields(places, items) };
    }
    const at = places.findIndex(({ field }) => field === 'nodeKind');
    const nodeKind = choice(places[at]!.form, items[at]!, 'exec_node_kind');
    if (items.length !== places.length) refuse('field_count');
    const chosen = places.map(({ field, form }) => ({ field, form: formFor(nodeKind, form) }));
    const json: Record<string, unknown> = { type, ...this.#fields(chosen, items) };
    if (nodeKind === 'call') return json;
    for (const { field } of places.slice(places.findIndex((place) => place.field === 'pins'))) {
      if (json[field] !== null && JSON.stringify(json[field]) !== '[]') refuse('exec_builtin_fields');
      delete json[field];
    }
    return json;
  }

  #fields(places: readonly Place[], items: readonly Item[]): Record<string, unknown> {
    return Object.fromEntries(items.map((item, at) => [places[at]!.field, this.#value(places[at]!, item)]));
  }

  #value({ field, form }: Place, item: Item): unknown {
    const orNull = form.endsWith(' or null');
    if (orNull && item.is === 'null') return null;
    const bare = form.replace(/ or null$|, or the record ends before it$/, '');
    const [, target] = /^(?:link|links|root) (?:to|of) (.+)$/.exec(bare) ?? [];
    if (bare.startsWith('link to ')) return this.#link(item, target!);
    if (bare.startsWith('links to ')) return arrayOf(item).map((each) => this.#link(each, target!));
    if (bare.startsWith('root of ')) return this.#root(item, target!);
    if (bare.includes(' = '))
      return choice(bare, item, field === 'status' ? 'exec_status' : 'exec_node_kind');
    switch (bare) {
      case 'uint':
        return count(item);
      case 'int':
        return item.is === 'int' ? jsonOfInt(item.value) : refuse('field_type');
      case 'float':
        return floatOf(item);
      case 'bool':
        return item.is === 'bool' ? item.value : refuse('field_type');
      case 'bytes':
        return jsonOfBytes(bytesOf(item));
      case 'hash':
        return jsonOfBytes(bytesOf(item, 32));
      case 'uuid':
        return uuidOf(bytesOf(item, 16));
      case 'class':
        return this.#class(item);
      case 'text or uint':
        return item.is === 'text' ? item.value : count(item);
      case 'text':
      case 'name':
      case 'ref name':
      case 'uri':
        return textOf(item);
      default:
        throw new Error(`the document's form ${JSON.stringify(form)} is not known to its reader`);
    }
  }

  #class(item: Item): string {
    const number = registered(item, Math.max(...this.#typeByNumber.keys()), 'object_class');
    if (number === CHUNK_CLASS) return 'chunk';
    const type = this.#typeByNumber.get(number) ?? refuse('object_class');
    return ['meta', 'ref', 'tombstone', 'stub'].includes(type) ? refuse('object_class') : type;
  }

  #link(item: Item, objectClass: string): unknown {
    if (item.is !== 'link') return refuse('field_type');
    const codec = objectClass === 'chunk' ? CODEC_RAW : CODEC_DAG_CBOR;
    if (item.codec !== codec) refuse('link_codec');
    this.#links.push({ class: objectClass, id: item.id });
    return { '/': cidOf(codec, item.id) };
  }

  #root(item: Item, role: string): unknown {
    if (item.is === 'link') return this.#link(item, 'page');
    return arrayOf(item).map((entry) => this.#entry(role, 0, entry));
  }

  #page(places: readonly Item[]): Record<string, unknown> {
    if (places.length !== 3) refuse('field_count');
    const number = registered(places[0], this.#tables.roles.size, 'page_role');
    const [role] = [...this.#tables.roles].find((entry) => entry[1].number === number) ?? refuse('page_role');
    if (places[1]!.is !== 'int') refuse('field_type');
    const level = Number(places[1]!.value);
    if (level < 0 || level > 15) refuse('page_level');
    const entries = arrayOf(places[2]!).map((entry) => this.#entry(role, level, entry));
    return { type: 'page', role, level, entries };
  }

  #entry(role: string, level: number, item: Item): unknown {
    const { leaf, interior } = this.#tables.roles.get(role)!;
    const form = level === 0 ? leaf : interior;
    if (!form.startsWith('[')) return this.#member(form, item);
    const forms = form.slice(1, -1).split(', ');
    const items = arrayOf(item);
    if (items.length !== forms.length) refuse('entry_form');
    return items.map((each, at) => this.#member(forms[at]!, each));
  }

  #member(form: string, item: Item): unknown {
    if (form === 'element') return this.#element(item);
    if (form === 'key' || form === 'name') return textOf(item);
    if (form === 'count' || form === 'length in bytes') return count(item);
    return this.#link(item, form.slice('link to '.length));
  }

  #element(item: Item): unknown {
    if (item.is === 'link') return this.#link(item, 'datum');
    const items = arrayOf(item);
    const kinds = this.#tables.kinds.get('datum')!;
    const number = registered(items[0], kinds.size, 'element_kind');
    const [kind, { places }] =
      [...kinds].find((entry) => entry[1].number === number) ?? refuse('element_kind');
    if (['list', 'set', 'map', 'blob'].includes(kind)) refuse('element_kind');
    const own = places.filter(({ field }) => field !== 'attachment');
    if (items.length !== own.length + 1) refuse(kind === 'uri' ? 'element_kind' : 'field_count');
    return { kind, ...this.#fields(own, items.slice(1)) };
  }
}

/** Returns the number in a byte, infinity for one that goes on behind it, undefined for no unsigned integer. */
function numberOf(byte: number): number | undefined {
  return byte <= 0x17 ? byte : byte <= 0x1b ? Number.POSITIVE_INFINITY : undefined;
}

function registered(item: Item | undefined, highest: number, other: string): number {
  if (item?.is !== 'int') return refuse('field_type');
  if (item.value > BigInt(highest)) refuse('newer_kind');
  return item.value < 0n ? refuse(other) : Number(item.value);
}

/** Reads an item of a form such as `1 = ok, 2 = error`. */
function choice(form: string, item: Item, other: string): string {
  const names = new Map(form.split(', ').map((each) => each.split(' = ').reverse() as [string, string]));
  const numbers = [...names].map(([name, number]) => [Number(number), name] as const);
  const number = registered(item, Math.max(...numbers.map(([each]) => each)), other);
  return numbers.find(([each]) => each === number)?.[1] ?? refuse(other);
}

/** Selects from a form such as `link to dag for a call, link to datum for a builtin`. */
function formFor(nodeKind: string, form: string): string {
  const parts = form.split(', ').map((part) => part.split(' for a '));
  return parts.find(([, kind]) => kind === nodeKind)?.[0] ?? form;
}

function arrayOf(item: Item): readonly Item[] {
  return item.is === 'array' ? item.items : refuse('field_type');
}

function textOf(item: Item): string {
  return item.is === 'text' ? item.value : refuse('field_type');
}

function bytesOf(item: Item, length?: number): Uint8Array {
  if (item.is !== 'bytes') return refuse('field_type');
  return length === undefined || item.value.length === length ? item.value : refuse('id_length');
}

function count(item: Item): number {
  if (item.is !== 'int') return refuse('field_type');
  return item.value < 0n || item.value > MAX_COUNT ? refuse('integer_range') : Number(item.value);
}

function floatOf(item: Item): number | string {
  if (item.is === 'float') return item.value;
  return ['nan', 'inf', '-inf'].includes(textOf(item)) ? textOf(item) : refuse('f64_spelling');
}

function jsonOfInt(value: bigint): number | string {
  return value >= -MAX_COUNT && value <= MAX_COUNT ? Number(value) : value.toString();
}

function jsonOfBytes(bytes: Uint8Array): unknown {
  return { '/': { bytes: Buffer.from(bytes).toString('base64').replaceAll('=', '') } };
}

function uuidOf(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

function cidOf(codec: number, id: string): string {
  const bytes = Buffer.concat([Buffer.of(1, codec, 0x12, 0x20), Buffer.from(id, 'hex')]);
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  const digits = bits.match(/.{1,5}/g)!.map((five) => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)]);
  return `b${digits.join('')}`;
}
