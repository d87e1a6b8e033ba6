import { CID_FIELD_BYTES, LINK_BYTES, writeCidField } from '../cbor/link-bytes.ts';
import { CODEC_DAG_CBOR } from '../cbor/value.ts';
import { CborWriter } from '../cbor/writer.ts';
import { freshBytes, transientBytes } from '../fresh-bytes.ts';
import type { DagId, DatumId, ExecId, ExecRequestId, NodeId } from '../ids.ts';
import type { RecordType } from '../object-class.ts';
import { checkBlob } from './datum.ts';
import { DATUM_KIND_NUMBERS } from './datum-kind.ts';
import { writeMembers } from './element.ts';
import { type PageEntry, writeEntry } from './entry.ts';
import { checkExec } from './exec.ts';
import { checkCount, hexField } from './fields.ts';
import { checkPageHead } from './page.ts';
import { PAGE_ROLE_NUMBERS, type PageRecord, type PageRole } from './page-types.ts';
import type {
  AnyRecord,
  BlobDatum,
  BuiltinNode,
  CallExec,
  CallNode,
  ListDatum,
  LiteralNode,
  MapDatum,
  NodeRecord,
  ScalarDatum,
  SetDatum,
} from './record-types.ts';
import { checkEntries } from './root.ts';
import { isScalarKind, scalarFields } from './scalar.ts';
import { isRecordLink, linkId, TemplateReader } from './template-reader.ts';

const writer = new CborWriter();

/** A literal up to the id of its datum: `[1, 3, 1, link]`. */
const LITERAL_HEAD = Uint8Array.of(0x84, 1, 3, 1, 0xd8, 0x2a, 0x58, 0x25);
const LITERAL_BYTES = 4 + LINK_BYTES;
/** Offset of the inputs of a call or builtin: `[1, 3, kind, link, [link…]]`. */
const INPUTS_OFFSET = LITERAL_BYTES;
/** More inputs take the general way, whose array head has more than one byte. */
const MAX_TEMPLATE_INPUTS = 23;

/** Encodes the shapes written most often directly; undefined for any other. */
export function encodeByTemplate(record: AnyRecord): Uint8Array | undefined {
  if (record?.type === 'node') return encodeNode(record, freshBytes);
  if (record?.type === 'page') return encodePage(record);
  if (record?.type !== 'datum') return undefined;
  if (isScalarKind(record.kind)) return encodeScalar(record as ScalarDatum);
  if (record.kind === 'blob') return encodeSmallBlob(record);
  const isCollection = record.kind === 'list' || record.kind === 'set' || record.kind === 'map';
  return isCollection ? encodeCollection(record) : undefined;
}

/** Encodes a node of a shape written often into memory that the next call reuses; undefined for any other record. */
export function encodeTransientNode(record: AnyRecord): Uint8Array | undefined {
  return record?.type === 'node' ? encodeNode(record, transientBytes) : undefined;
}

/** Decodes the shapes read most often directly; undefined for anything that needs a closer look. */
export function decodeByTemplate(bytes: Uint8Array, type: RecordType): AnyRecord | undefined {
  if (type === 'exec') return decodeCallExec(bytes);
  if (type !== 'node') return undefined;
  const kind = bytes[3];
  return kind === 1 ? decodeLiteral(bytes) : kind === 2 || kind === 4 ? decodeCall(bytes, kind) : undefined;
}

/** The function of the call encoded last, and its link: many calls in a row are of one function. */
let lastFunctionId = '';
const lastFunction = new Uint8Array(CID_FIELD_BYTES);

function writeFunction(id: string, target: Uint8Array, offset: number): void {
  if (id !== lastFunctionId) {
    // An id that is refused has overwritten what was there.
    lastFunctionId = '';
    writeCidField(CODEC_DAG_CBOR, id, lastFunction, 0);
    lastFunctionId = id;
  }
  for (let at = 0; at < CID_FIELD_BYTES; at++) target[offset + at] = lastFunction[at]!;
}

type TakeBytes = (length: number) => Uint8Array;

function encodeNode(node: NodeRecord, take: TakeBytes): Uint8Array | undefined {
  if (node.kind === 'literal') {
    const bytes = take(LITERAL_BYTES);
    writeLiteralHead(bytes);
    writeCidField(CODEC_DAG_CBOR, node.datumId, bytes, 8);
    return bytes;
  }
  return node.kind === 'call' || node.kind === 'builtin' ? encodeCall(node, take) : undefined;
}

function writeLiteralHead(bytes: Uint8Array): void {
  for (let at = 0; at < LITERAL_HEAD.length; at++) bytes[at] = LITERAL_HEAD[at]!;
}

function encodeCall(node: CallNode | BuiltinNode, take: TakeBytes): Uint8Array | undefined {
  const inputs = node.inputs;
  if (!Array.isArray(inputs) || inputs.length > MAX_TEMPLATE_INPUTS) return undefined;
  const bytes = take(INPUTS_OFFSET + 1 + inputs.length * LINK_BYTES);
  writeLiteralHead(bytes);
  bytes[0] = 0x85;
  bytes[3] = node.kind === 'call' ? 2 : 4;
  writeFunction(node.functionDatumId, bytes, 8);
  bytes[INPUTS_OFFSET] = 0x80 | inputs.length;
  let at = INPUTS_OFFSET + 1;
  for (const input of inputs as readonly NodeId[]) {
    bytes[at] = 0xd8;
    bytes[at + 1] = 0x2a;
    bytes[at + 2] = 0x58;
    bytes[at + 3] = 0x25;
    writeCidField(CODEC_DAG_CBOR, input, bytes, at + 4);
    at += LINK_BYTES;
  }
  return bytes;
}

function encodeScalar(datum: ScalarDatum): Uint8Array {
  const fields = scalarFields(datum);
  writer.reset();
  writer.byte(0x80 | (fields.length + 2));
  writer.byte(1);
  writer.byte(2);
  writeMembers(writer, fields);
  return writer.take();
}

function encodeCollection(datum: ListDatum | SetDatum | MapDatum): Uint8Array | undefined {
  if (!Array.isArray(datum.root)) return undefined;
  writer.reset();
  writer.byte(0x84);
  writer.byte(1);
  writer.byte(2);
  writer.byte(DATUM_KIND_NUMBERS[datum.kind]);
  writeEntries(datum.kind, 0, datum.root);
  return writer.take();
}

/** A blob of one chunk: a folder may hold a million small files. */
function encodeSmallBlob(blob: BlobDatum): Uint8Array | undefined {
  if (!Array.isArray(blob.root) || blob.root.length !== 1) return undefined;
  writer.reset();
  writer.byte(0x86);
  writer.byte(1);
  writer.byte(2);
  writer.byte(DATUM_KIND_NUMBERS.blob);
  writer.head(0, checkCount(blob.sizeBytes));
  writer.byteString(2, hexField(blob.contentSha256, 32));
  writeEntries('chunks', 0, blob.root);
  checkBlob(blob);
  return writer.take();
}

function encodePage(page: PageRecord): Uint8Array {
  const entries = checkPageHead(page);
  const { role, level } = page;
  writer.reset();
  writer.byte(0x85);
  writer.byte(1);
  writer.byte(11);
  writer.byte(PAGE_ROLE_NUMBERS[role]);
  writer.byte(level);
  writeEntries(role, level, entries);
  return writer.take();
}

function writeEntries(role: PageRole, level: number, entries: readonly PageEntry[]): void {
  writer.head(4, entries.length);
  for (const entry of entries) writeEntry(writer, role, level, entry);
  checkEntries(role, level, entries);
}

function decodeLiteral(bytes: Uint8Array): LiteralNode | undefined {
  if (bytes.length !== LITERAL_BYTES || bytes[0] !== 0x84) return undefined;
  if (!isRecordLink(bytes, 4)) return undefined;
  return { type: 'node', kind: 'literal', datumId: linkId(bytes, 4) as DatumId };
}

function decodeCall(bytes: Uint8Array, kind: 2 | 4): CallNode | BuiltinNode | undefined {
  if (bytes[0] !== 0x85 || bytes.length <= INPUTS_OFFSET || !isRecordLink(bytes, 4)) return undefined;
  const count = bytes[INPUTS_OFFSET]! - 0x80;
  if (count < 0 || count > MAX_TEMPLATE_INPUTS) return undefined;
  if (bytes.length !== INPUTS_OFFSET + 1 + count * LINK_BYTES) return undefined;
  const inputs: NodeId[] = [];
  for (let at = INPUTS_OFFSET + 1; at < bytes.length; at += LINK_BYTES) {
    if (!isRecordLink(bytes, at)) return undefined;
    inputs.push(linkId(bytes, at) as NodeId);
  }
  const functionDatumId = linkId(bytes, 4) as DatumId;
  return { type: 'node', kind: kind === 2 ? 'call' : 'builtin', functionDatumId, inputs };
}

/** Reads the exec of a call with few inputs whose result dag pins nothing. */
function decodeCallExec(bytes: Uint8Array): CallExec | undefined {
  const reader = new TemplateReader(bytes, 3);
  const nodeId = reader.link() as NodeId;
  reader.expect(2);
  const status = reader.byte();
  const functionDatumId = reader.link() as DatumId;
  const inputs: DatumId[] = [];
  const inputCount = reader.byte() - 0x80;
  if (inputCount < 0 || inputCount > MAX_TEMPLATE_INPUTS) return undefined;
  while (inputs.length < inputCount) inputs.push(reader.link() as DatumId);
  const resultDagId = reader.link() as DagId;
  reader.expect(0x80);
  const exec: CallExec = {
    type: 'exec',
    nodeKind: 'call',
    nodeId,
    functionDatumId,
    inputs,
    status: status === 1 ? 'ok' : 'error',
    resultDagId,
    pins: [],
    requestId: reader.optionalLink() as ExecRequestId | null,
    sourceExecId: reader.optionalLink() as ExecId | null,
    startedMs: reader.optionalTime(),
    finishedMs: reader.optionalTime(),
    receiptDatumId: reader.optionalLink() as DatumId | null,
    detailsDatumId: reader.optionalLink() as DatumId | null,
  };
  if (bytes[0] !== 0x8f || (status !== 1 && status !== 2) || !reader.isDone) return undefined;
  checkExec(exec);
  return exec;
}
