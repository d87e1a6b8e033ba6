import fc from 'fast-check';
import { compareBytes } from '../src/bytes.ts';
import {
  type AnyRecord,
  type BlobDatum,
  type CallExec,
  encodeElement,
  hashBytes,
  isKeyedRole,
  nfcText,
  OBJECT_CLASSES,
  PAGE_ROLE_NUMBERS,
  type PageRole,
  type UriDatum,
  utf8Bytes,
} from '../src/index.ts';
import { entryKey, type PageEntry } from '../src/records/entry.ts';
import { type EntryPart, entryParts } from '../src/records/entry-parts.ts';
import { type FieldForm, RECORD_SHAPES, type RecordShape } from '../src/records/record-shapes.ts';

const HEX = '0123456789abcdef';

/** Any id; a record does not know whether it names something. */
const id: fc.Arbitrary<never> = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => {
  let hex = '';
  for (const byte of bytes) hex += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15);
  return hex as never;
});

const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary', maxLength }).map((any) => any.toWellFormed());
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;
const name = text(20)
  .map((any) => nfcText(any.replace(CONTROLS, '')))
  .filter((any) => any !== '' && any !== '.' && any !== '..' && any !== 'root');
const count = fc.oneof(fc.nat(300), fc.maxSafeInteger().map(Math.abs));
const positive = count.map((any) => Math.max(1, any));
const chunkLength = fc.integer({ min: 16_385, max: 131_072 });
const uri = fc
  .array(fc.constantFrom('a', 'B', '1', '-', '%C3%A9', '~'), { minLength: 1, maxLength: 12 })
  .map((parts) => `x://host/${parts.join('')}`);

/** Returns arbitrary parts of entries. */
function partOf(part: EntryPart): fc.Arbitrary<unknown> {
  switch (part.is) {
    case 'link':
      return id;
    case 'element':
      return fc.oneof({ weight: 4, arbitrary: scalarDatum }, { weight: 1, arbitrary: id });
    case 'map key':
      return text(30);
    case 'count':
      return positive;
    case 'chunk length':
      return chunkLength;
    default:
      return name;
  }
}

/** Returns arbitrary entries, so few that none of them ends a page, in order where the role has keys. */
function entriesOf(role: PageRole, level: number): fc.Arbitrary<PageEntry[]> {
  const parts = entryParts(role, level).map(partOf);
  const entry = (parts.length === 1 ? parts[0]! : fc.tuple(...parts)) as fc.Arbitrary<PageEntry>;
  const entries = fc.array(entry, { maxLength: parts.length === 1 ? 30 : 9 });
  if (!isKeyedRole(role)) return entries;
  const keyOf = (each: PageEntry): Uint8Array => {
    const key = entryKey(role, level, each) as string;
    return role === 'set' ? encodeElement(key as never) : utf8Bytes(key);
  };
  return entries.map((all) =>
    all
      .map((each) => ({ each, key: keyOf(each) }))
      .sort((left, right) => compareBytes(left.key, right.key))
      .filter(({ key }, at, sorted) => at === 0 || compareBytes(sorted[at - 1]!.key, key) !== 0)
      .map(({ each }) => each),
  );
}

/** Returns arbitrary fields of a form; undefined for one that stands for nothing in memory. */
function fieldOf(form: FieldForm): fc.Arbitrary<unknown> | undefined {
  switch (form.is) {
    case 'link':
      if (form.or === 'absent') return fc.option(id, { nil: undefined });
      return form.or === 'null' ? fc.option(id, { nil: null }) : id;
    case 'links':
      return fc.uniqueArray(id, { maxLength: form.max });
    case 'root':
      return fc.oneof({ weight: 5, arbitrary: entriesOf(form.role, 0) }, { weight: 1, arbitrary: id });
    case 'uint':
      return form.or === 'null' ? fc.option(count, { nil: null }) : count;
    case 'remote':
      return fc.constantFrom(null, 'dml+remote://file/a/b');
    case 'bool':
      return fc.boolean();
    case 'i64':
      return fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer().map(BigInt));
    case 'f64':
      return fc.oneof(
        fc.double().map((value) => value + 0),
        fc.integer(),
      );
    case 'bytes':
      return fc.uint8Array({ maxLength: 40 });
    case 'hash':
      return id;
    case 'uuid':
      return fc.uuid();
    case 'uri':
    case 'domain':
      return uri;
    case 'name':
      return name;
    case 'ref name':
      return fc.constantFrom('heads/main', 'index/a%2Fb');
    case 'class':
      return fc.constantFrom(...OBJECT_CLASSES);
    case 'text':
      return text(20);
    case 'text or uint':
      return fc.oneof(count, text(40));
    case 'choice':
      return fc.constantFrom(...form.names);
    default:
      return undefined;
  }
}

/** Returns arbitrary records of a shape, whose members do not contradict each other. */
function shaped({ constants, fields }: Pick<RecordShape, 'constants' | 'fields'>): fc.Arbitrary<AnyRecord> {
  const members = fields.flatMap(({ member, form }) => {
    const field = fieldOf(form);
    return field === undefined ? [] : [[member, field] as const];
  });
  return fc
    .record(Object.fromEntries(members))
    .map((drawn) => consistent({ ...constants, ...drawn } as unknown as AnyRecord));
}

function consistent(record: AnyRecord): AnyRecord {
  if (record.type === 'exec' && record.nodeKind === 'call') return consistentExec(record);
  if (record.type === 'reference' && record.commitId === null) return { ...record, references: [] };
  if (record.type !== 'datum') return record;
  if (record.kind === 'uri') return consistentUri(record);
  return record.kind === 'blob' ? consistentBlob(record) : record;
}

function consistentExec(exec: CallExec): CallExec {
  if (exec.sourceExecId === null) return { ...exec, finishedMs: exec.startedMs };
  return { ...exec, requestId: null, startedMs: null, finishedMs: null, receiptDatumId: null };
}

function consistentUri({ attachmentDatumId, ...datum }: UriDatum): UriDatum {
  return attachmentDatumId === undefined
    ? datum
    : { ...datum, value: `x:${attachmentDatumId}`, attachmentDatumId };
}

function consistentBlob(blob: BlobDatum): BlobDatum {
  const { root } = blob;
  if (typeof root === 'string') return blob;
  const only = root.length === 1 ? root[0]![0] : hashBytes(new Uint8Array());
  const contentSha256 = root.length < 2 ? only : blob.contentSha256;
  return { ...blob, contentSha256, sizeBytes: root.reduce((sum, [, length]) => sum + length, 0) };
}

function pageOf(role: PageRole, level: fc.Arbitrary<number>): fc.Arbitrary<AnyRecord> {
  return level.chain((drawn) =>
    entriesOf(role, drawn)
      .filter((entries) => entries.length > 0)
      .map((entries) => ({ type: 'page', role, level: drawn, entries }) as unknown as AnyRecord),
  );
}

/** Any scalar whose encoding is short enough to stand inline. */
const scalarDatum = fc.oneof(
  ...RECORD_SHAPES.datum.shapes
    .filter(({ fields }) => !fields.some(({ form }) => form.is === 'root'))
    .map(({ constants, fields }) => shaped({ constants, fields: fields.slice(0, 2) })),
);

/** Any record of any shape. */
export const anyRecord: fc.Arbitrary<AnyRecord> = fc.oneof(
  ...Object.values(RECORD_SHAPES).flatMap(({ shapes }) => shapes.map(shaped)),
  ...(Object.keys(PAGE_ROLE_NUMBERS) as PageRole[]).flatMap((role) => [
    pageOf(role, fc.constant(0)),
    pageOf(role, fc.integer({ min: 1, max: 15 })),
  ]),
);
