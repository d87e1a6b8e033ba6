import type { ObjectId } from '@daggerml/object-model';
import { storeError } from '../errors.ts';

/** Bytes of a binary CID as records use it: version, codec, sha2-256, length, digest. */
export const CID_BYTES = 36;

/** Codec of a record. */
export const DAG_CBOR = 0x71;
/** Codec of a raw chunk. */
export const RAW = 0x55;
export type CarCodec = typeof DAG_CBOR | typeof RAW;

const CID_VERSION = 1;
const SHA2_256 = 0x12;
const DIGEST_BYTES = 32;

/** Longest header read: some 400,000 roots. */
export const MAX_HEADER_BYTES: number = 2 ** 24;

const HEADER_START = Buffer.from([0xa2, 0x65, ...Buffer.from('roots')]);
const HEADER_END = Buffer.from([0x67, ...Buffer.from('version'), 0x01]);
const LINK_START = Buffer.from([0xd8, 0x2a, 0x58, CID_BYTES + 1, 0x00]);

/** A root or section of a stream by codec and id. */
export interface CarLink {
  readonly codec: CarCodec;
  readonly id: ObjectId;
}

/** Returns the error of a stream that is not what it should be; `detail` says how. */
export function transferError(
  detail: string,
  fields: Readonly<Record<string, string | number>> = {},
  cause?: unknown,
): Error {
  return storeError('transfer_invalid', { detail, ...fields }, cause);
}

/** Returns an unsigned LEB128 number. */
export function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  while (left > 0x7f) {
    bytes.push((left % 128) | 0x80);
    left = Math.floor(left / 128);
  }
  bytes.push(left);
  return Buffer.from(bytes);
}

/** Returns the 36 bytes of a CID. */
function encodeCid(link: CarLink): Buffer {
  const bytes = Buffer.alloc(CID_BYTES);
  bytes[0] = CID_VERSION;
  bytes[1] = link.codec;
  bytes[2] = SHA2_256;
  bytes[3] = DIGEST_BYTES;
  bytes.write(link.id, DIGEST_OFFSET, DIGEST_BYTES, 'hex');
  return bytes;
}

/** Offsets of codec and digest in a CID. */
export const CODEC_OFFSET = 1;
export const DIGEST_OFFSET = 4;

/** Throws `transfer_invalid` for a CID of any other version, codec or hash than records use. */
export function checkCid(bytes: Buffer, offset: number): void {
  const codec = bytes[offset + 1];
  const known =
    bytes.length - offset >= CID_BYTES &&
    bytes[offset] === CID_VERSION &&
    (codec === DAG_CBOR || codec === RAW) &&
    bytes[offset + 2] === SHA2_256 &&
    bytes[offset + 3] === DIGEST_BYTES;
  // @spec DML-STO-1015
  if (!known) throw transferError('cid_unsupported');
}

/** Reads a CID; throws as {@link checkCid} does. */
export function decodeCid(bytes: Buffer, offset: number): CarLink {
  checkCid(bytes, offset);
  const id = bytes.toString('hex', offset + DIGEST_OFFSET, offset + CID_BYTES) as ObjectId;
  return { codec: bytes[offset + 1] as CarCodec, id };
}

function arrayHead(length: number): Buffer {
  if (length < 24) return Buffer.from([0x80 | length]);
  if (length < 0x100) return Buffer.from([0x98, length]);
  if (length < 0x10000) return Buffer.from([0x99, length >> 8, length & 0xff]);
  const head = Buffer.from([0x9a, 0, 0, 0, 0]);
  head.writeUInt32BE(length, 1);
  return head;
}

/** Returns the CARv1 header: deterministic DAG-CBOR of `{ roots, version: 1 }`. */
export function encodeHeader(roots: readonly CarLink[]): Buffer {
  const links = roots.flatMap((root) => [LINK_START, encodeCid(root)]);
  return Buffer.concat([HEADER_START, arrayHead(roots.length), ...links, HEADER_END]);
}

/** Returns the start of a stream: its header behind the length of it. */
export function encodeHead(roots: readonly CarLink[]): Buffer {
  const header = encodeHeader(roots);
  return Buffer.concat([encodeVarint(header.length), header]);
}

/** Reads a header; its one deterministic form is the only one taken. */
export function decodeHeader(bytes: Buffer): CarLink[] {
  const step = LINK_START.length + CID_BYTES;
  const count = Math.floor((bytes.length - HEADER_START.length - HEADER_END.length) / step);
  const roots: CarLink[] = [];
  if (count < 0) throw transferError('header_form');
  const first = HEADER_START.length + arrayHead(count).length;
  for (let index = 0; index < count; index += 1) {
    const at = first + index * step + LINK_START.length;
    if (at + CID_BYTES > bytes.length) throw transferError('header_form');
    roots.push(decodeCid(bytes, at));
  }
  if (!encodeHeader(roots).equals(bytes)) throw transferError('header_form');
  return roots;
}

/** Returns the length of the section of so many bytes. */
export function sectionLength(byteCount: number): number {
  let left = CID_BYTES + byteCount;
  let length = 1 + left;
  for (; left > 0x7f; left = Math.floor(left / 128)) length += 1;
  return length;
}

/** Writes a section at an offset, where there is room for it: length, CID, bytes. Returns the offset behind it. */
export function writeSection(
  target: Buffer,
  offset: number,
  { codec, id }: CarLink,
  bytes: Uint8Array,
): number {
  let at = offset;
  let left = CID_BYTES + bytes.length;
  for (; left > 0x7f; left = Math.floor(left / 128)) target[at++] = (left % 128) | 0x80;
  target[at++] = left;
  target[at++] = CID_VERSION;
  target[at++] = codec;
  target[at++] = SHA2_256;
  target[at++] = DIGEST_BYTES;
  target.write(id, at, DIGEST_BYTES, 'hex');
  at += DIGEST_BYTES;
  target.set(bytes, at);
  return at + bytes.length;
}

/** Returns one section: length, CID, bytes. */
export function encodeSection(link: CarLink, bytes: Uint8Array): Buffer {
  const section = Buffer.allocUnsafe(sectionLength(bytes.length));
  writeSection(section, 0, link, bytes);
  return section;
}
