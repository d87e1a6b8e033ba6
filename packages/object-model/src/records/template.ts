import { CID_FIELD_BYTES, LINK_BYTES, writeCidField } from '../cbor/link-bytes.ts';
import { CODEC_DAG_CBOR } from '../cbor/value.ts';
import { CborWriter } from '../cbor/writer.ts';
import { freshBytes, transientBytes } from '../fresh-bytes.ts';
import type { DatumId, NodeId } from '../ids.ts';
import type { RecordType } from '../object-class.ts';
import { DATUM_KIND_NUMBERS } from './datum-kind.ts';
import { valueForm } from './element.ts';
import { writeField } from './field-codec.ts';
import type {
  AnyRecord,
  BuiltinNode,
  CallNode,
  LiteralNode,
  NodeRecord,
  ScalarDatum,
} from './record-types.ts';
import { isRecordLink, linkId, readExec } from './template-reader.ts';

/** A literal up to the id of its datum: `[1, 3, 1, link]`. */
const LITERAL_HEAD = Uint8Array.of(0x84, 1, 3, 1, 0xd8, 0x2a, 0x58, 0x25);
const LITERAL_BYTES = 4 + LINK_BYTES;
/** Offset of the inputs of a call or builtin: `[1, 3, kind, link, [link…]]`. */
const INPUTS_OFFSET = LITERAL_BYTES;
/** More inputs are left to the general codec: their array head has more than one byte. */
const MAX_TEMPLATE_INPUTS = 23;

/** Encodes the shapes written most often directly; undefined for any other record. */
export function encodeByTemplate(record: AnyRecord): Uint8Array | undefined {
  if (record?.type === 'node') return encodeNode(record, freshBytes);
  return record?.type === 'datum' ? encodeScalar(record as ScalarDatum) : undefined;
}

const writer = new CborWriter();

/** Encodes a scalar, which is its inline element behind the header; undefined for any other datum. */
function encodeScalar(datum: ScalarDatum): Uint8Array | undefined {
  const form = valueForm(datum.kind);
  if (form === undefined || (datum.kind === 'uri' && datum.attachmentDatumId !== undefined)) return undefined;
  writer.reset();
  writer.byte(0x84);
  writer.byte(1);
  writer.byte(2);
  writer.byte(DATUM_KIND_NUMBERS[datum.kind]);
  writeField(writer, form, (datum as { readonly value?: unknown }).value);
  return writer.take();
}

/** Encodes as {@link encodeByTemplate} does, into memory that the next call reuses. */
export function encodeTransientNode(record: AnyRecord): Uint8Array | undefined {
  return record?.type === 'node' ? encodeNode(record, transientBytes) : undefined;
}

/** Decodes the shapes read most often directly; undefined for anything that needs a closer look. */
export function decodeByTemplate(bytes: Uint8Array, type: RecordType): AnyRecord | undefined {
  if (type === 'exec') return readExec(bytes);
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

/** Checks whether bytes whose header and kind are those of a literal are one. */
export function isLiteral(bytes: Uint8Array): boolean {
  return bytes.length === LITERAL_BYTES && bytes[0] === 0x84 && isRecordLink(bytes, 4);
}

/** Checks whether bytes with the header of a node are a call or builtin of few inputs; false for any doubt. */
export function isShortCall(bytes: Uint8Array): boolean {
  if (bytes[3] !== 2 && bytes[3] !== 4) return false;
  if (bytes[0] !== 0x85 || bytes.length <= INPUTS_OFFSET || !isRecordLink(bytes, 4)) return false;
  const count = bytes[INPUTS_OFFSET]! - 0x80;
  if (count < 0 || count > MAX_TEMPLATE_INPUTS) return false;
  if (bytes.length !== INPUTS_OFFSET + 1 + count * LINK_BYTES) return false;
  for (let at = INPUTS_OFFSET + 1; at < bytes.length; at += LINK_BYTES)
    if (!isRecordLink(bytes, at)) return false;
  return true;
}

function decodeLiteral(bytes: Uint8Array): LiteralNode | undefined {
  if (!isLiteral(bytes)) return undefined;
  return { type: 'node', kind: 'literal', datumId: linkId(bytes, 4) as DatumId };
}

function decodeCall(bytes: Uint8Array, kind: 2 | 4): CallNode | BuiltinNode | undefined {
  if (!isShortCall(bytes)) return undefined;
  const inputs: NodeId[] = [];
  for (let at = INPUTS_OFFSET + 1; at < bytes.length; at += LINK_BYTES)
    inputs.push(linkId(bytes, at) as NodeId);
  const functionDatumId = linkId(bytes, 4) as DatumId;
  return { type: 'node', kind: kind === 2 ? 'call' : 'builtin', functionDatumId, inputs };
}
