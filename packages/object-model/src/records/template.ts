import { hexOf } from '../bytes.ts';
import { isCidField, LINK_BYTES, writeCidField } from '../cbor/link-bytes.ts';
import { CODEC_DAG_CBOR } from '../cbor/value.ts';
import { CborWriter } from '../cbor/writer.ts';
import type { DatumId, NodeId } from '../ids.ts';
import type { RecordType } from '../object-class.ts';
import { writeMembers } from './element.ts';
import { writeEntry } from './entry.ts';
import { checkPageHead } from './page.ts';
import { PAGE_ROLE_NUMBERS, type PageRecord } from './page-types.ts';
import type {
  AnyRecord,
  BuiltinNode,
  CallNode,
  LiteralNode,
  NodeRecord,
  ScalarDatum,
} from './record-types.ts';
import { checkOrder, checkPageBytes } from './root.ts';
import { isScalarKind, scalarFields } from './scalar.ts';

const writer = new CborWriter();

/** A literal up to the id of its datum: `[1, 3, 1, link]`. */
const LITERAL_HEAD = Uint8Array.of(0x84, 1, 3, 1, 0xd8, 0x2a, 0x58, 0x25);
const LITERAL_BYTES = 4 + LINK_BYTES;
/** Offset of the inputs of a call or builtin: `[1, 3, kind, link, [link…]]`. */
const INPUTS_OFFSET = LITERAL_BYTES;
/** More inputs take the general way, whose array head has more than one byte. */
const MAX_TEMPLATE_INPUTS = 23;
/** The id inside a link starts after tag, byte string head and CID prefix. */
const LINK_ID_OFFSET = 9;

/** Encodes the shapes written most often directly; undefined for any other. */
export function encodeByTemplate(record: AnyRecord): Uint8Array | undefined {
  if (record?.type === 'node') return encodeNode(record);
  if (record?.type === 'page') return encodePage(record);
  return record?.type === 'datum' && isScalarKind(record.kind)
    ? encodeScalar(record as ScalarDatum)
    : undefined;
}

/** Decodes the shapes read most often directly; undefined for anything that needs a closer look. */
export function decodeByTemplate(bytes: Uint8Array, type: RecordType): AnyRecord | undefined {
  if (type !== 'node') return undefined;
  const kind = bytes[3];
  return kind === 1 ? decodeLiteral(bytes) : kind === 2 || kind === 4 ? decodeCall(bytes, kind) : undefined;
}

function encodeNode(node: NodeRecord): Uint8Array | undefined {
  if (node.kind === 'literal') {
    const bytes = new Uint8Array(LITERAL_BYTES);
    writeLiteralHead(bytes);
    writeCidField(CODEC_DAG_CBOR, node.datumId, bytes, 8);
    return bytes;
  }
  return node.kind === 'call' || node.kind === 'builtin' ? encodeCall(node) : undefined;
}

function writeLiteralHead(bytes: Uint8Array): void {
  for (let at = 0; at < LITERAL_HEAD.length; at++) bytes[at] = LITERAL_HEAD[at]!;
}

function encodeCall(node: CallNode | BuiltinNode): Uint8Array | undefined {
  const inputs = node.inputs;
  if (!Array.isArray(inputs) || inputs.length > MAX_TEMPLATE_INPUTS) return undefined;
  const bytes = new Uint8Array(INPUTS_OFFSET + 1 + inputs.length * LINK_BYTES);
  writeLiteralHead(bytes);
  bytes[0] = 0x85;
  bytes[3] = node.kind === 'call' ? 2 : 4;
  writeCidField(CODEC_DAG_CBOR, node.functionDatumId, bytes, 8);
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

function encodePage(page: PageRecord): Uint8Array {
  const entries = checkPageHead(page);
  const { role, level } = page;
  writer.reset();
  writer.byte(0x85);
  writer.byte(1);
  writer.byte(11);
  writer.byte(PAGE_ROLE_NUMBERS[role]);
  writer.byte(level);
  writer.head(4, entries.length);
  const start = writer.length;
  for (let at = 0; at < entries.length; at++) {
    checkPageBytes(writer.length - start, at);
    writeEntry(writer, role, level, entries[at]!);
  }
  checkOrder(role, level, entries);
  return writer.take();
}

function decodeLiteral(bytes: Uint8Array): LiteralNode | undefined {
  if (bytes.length !== LITERAL_BYTES || bytes[0] !== 0x84) return undefined;
  if (!isRecordLink(bytes, 4)) return undefined;
  return { type: 'node', kind: 'literal', datumId: readId(bytes, 4) as DatumId };
}

function decodeCall(bytes: Uint8Array, kind: 2 | 4): CallNode | BuiltinNode | undefined {
  if (bytes[0] !== 0x85 || bytes.length <= INPUTS_OFFSET || !isRecordLink(bytes, 4)) return undefined;
  const count = bytes[INPUTS_OFFSET]! - 0x80;
  if (count < 0 || count > MAX_TEMPLATE_INPUTS) return undefined;
  if (bytes.length !== INPUTS_OFFSET + 1 + count * LINK_BYTES) return undefined;
  const inputs: NodeId[] = [];
  for (let at = INPUTS_OFFSET + 1; at < bytes.length; at += LINK_BYTES) {
    if (!isRecordLink(bytes, at)) return undefined;
    inputs.push(readId(bytes, at) as NodeId);
  }
  const functionDatumId = readId(bytes, 4) as DatumId;
  return { type: 'node', kind: kind === 2 ? 'call' : 'builtin', functionDatumId, inputs };
}

function isRecordLink(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0xd8 &&
    bytes[at + 1] === 0x2a &&
    bytes[at + 2] === 0x58 &&
    bytes[at + 3] === 0x25 &&
    bytes[at + 6] === CODEC_DAG_CBOR &&
    isCidField(bytes, at + 4)
  );
}

function readId(bytes: Uint8Array, at: number): string {
  return hexOf(bytes, at + LINK_ID_OFFSET, at + LINK_BYTES);
}
