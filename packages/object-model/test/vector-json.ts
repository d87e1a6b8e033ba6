import { CID } from 'multiformats/cid';
import { create } from 'multiformats/hashes/digest';
import { bytesOfHex } from '../src/bytes.ts';
import { CODEC_DAG_CBOR, CODEC_RAW } from '../src/cbor/value.ts';
import type { AnyRecord, Element, ObjectClass, PageRecord, PageRole } from '../src/index.ts';
import { type EntryPart, entryParts } from '../src/records/entry-parts.ts';
import { type FieldForm, type RecordShape, type ShapedType, shapeOf } from '../src/records/record-shapes.ts';
import { hexOfBytes } from './vector-case.ts';

type Members = Readonly<Record<string, never>>;

const SHA2_256 = 0x12;

/** Returns the CID of an object as text, by the library of IPLD. */
export function cidOf(objectClass: ObjectClass, id: string): string {
  const codec = objectClass === 'chunk' ? CODEC_RAW : CODEC_DAG_CBOR;
  return CID.createV1(codec, create(SHA2_256, bytesOfHex(id)!)).toString();
}

/** Returns a record in the notation of the vectors. */
export function jsonOfRecord(record: AnyRecord): unknown {
  const members = record as unknown as Members;
  if (record.type === 'page') {
    const { type, role, level, entries } = record;
    return { type, role, level, entries: entries.map((entry) => jsonOfEntry(role, level, entry)) };
  }
  const shape = shapeOf(record.type, record)!;
  const json: Record<string, unknown> = { ...shape.constants };
  for (const { name, member, form } of shownFields(shape))
    if (members[member] !== undefined) json[name] = jsonOfField(form, members[member]);
  return json;
}

/** Returns the record of the notation, whose fields are for encoding to check. */
export function recordOfJson(json: unknown): AnyRecord {
  const members = json as Members;
  const type: string = members.type!;
  if (type === 'page') {
    const { role, level, entries } = json as PageRecord;
    const read = entries.map((entry) => entryOfJson(role, level, entry));
    return { type, role, level, entries: read } as unknown as AnyRecord;
  }
  const shape = shapeOf(type as ShapedType, members)!;
  const record: Record<string, unknown> = { ...shape.constants };
  for (const { name, member, form } of shownFields(shape))
    if (members[name] !== undefined) record[member] = fieldOfJson(form, members[name]);
  return record as unknown as AnyRecord;
}

function shownFields({ fields }: RecordShape): RecordShape['fields'] {
  return fields.filter(({ form }) => form.is !== 'selector' && form.is !== 'nothing');
}

function jsonOfField(form: FieldForm, value: never): unknown {
  if (value === null) return null;
  switch (form.is) {
    case 'link':
      return { '/': cidOf(form.to, value) };
    case 'links':
      return (value as readonly string[]).map((id) => ({ '/': cidOf(form.to, id) }));
    case 'root':
      if (typeof value === 'string') return { '/': cidOf('page', value) };
      return (value as readonly unknown[]).map((entry) => jsonOfEntry(form.role, 0, entry));
    case 'i64':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case 'f64':
      if (Number.isFinite(value)) return value + 0;
      return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
    case 'bytes':
      return jsonOfBytes(value);
    case 'hash':
      return jsonOfBytes(bytesOfHex(value)!);
    default:
      return value;
  }
}

function fieldOfJson(form: FieldForm, json: never): unknown {
  if (json === null) return null;
  switch (form.is) {
    case 'link':
      return idOfJson(json);
    case 'links':
      return (json as readonly unknown[]).map(idOfJson);
    case 'root':
      if (!Array.isArray(json)) return idOfJson(json);
      return (json as readonly unknown[]).map((entry) => entryOfJson(form.role, 0, entry));
    case 'i64':
      return BigInt(json);
    case 'f64':
      return typeof json === 'number' ? json : Number((json as string).replace('inf', 'Infinity'));
    case 'bytes':
      return bytesOfJson(json);
    case 'hash':
      return hexOfBytes(bytesOfJson(json));
    default:
      return json;
  }
}

function jsonOfEntry(role: PageRole, level: number, entry: unknown): unknown {
  return ofParts(role, level, entry, jsonOfPart);
}

function entryOfJson(role: PageRole, level: number, json: unknown): unknown {
  return ofParts(role, level, json, partOfJson);
}

type Translate = (part: EntryPart, value: never) => unknown;

function ofParts(role: PageRole, level: number, entry: unknown, translate: Translate): unknown {
  const parts = entryParts(role, level);
  if (parts.length === 1) return translate(parts[0]!, entry as never);
  return parts.map((part, at) => translate(part, (entry as never[])[at]!));
}

function jsonOfPart(part: EntryPart, value: Element): unknown {
  if (part.is === 'link') return { '/': cidOf(part.to, value as string) };
  if (part.is !== 'element') return value;
  if (typeof value === 'string') return { '/': cidOf('datum', value) };
  const { type: _, ...rest } = jsonOfRecord(value) as { readonly type: string };
  return rest;
}

function partOfJson(part: EntryPart, json: object): unknown {
  if (part.is === 'link' || (part.is === 'element' && '/' in json)) return idOfJson(json);
  return part.is === 'element' ? recordOfJson({ type: 'datum', ...json }) : json;
}

function idOfJson(json: unknown): string {
  return hexOfBytes(CID.parse((json as { readonly '/': string })['/']).multihash.digest);
}

function jsonOfBytes(bytes: Uint8Array): unknown {
  return { '/': { bytes: btoa(String.fromCharCode(...bytes)).replace(/=+$/, '') } };
}

function bytesOfJson(json: { readonly '/': { readonly bytes: string } }): Uint8Array {
  return Uint8Array.from(atob(json['/'].bytes), (character) => character.charCodeAt(0));
}
