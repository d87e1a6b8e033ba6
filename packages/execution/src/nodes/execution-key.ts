import {
  CODEC_DAG_CBOR,
  type DatumId,
  type ExecutionKey,
  encodeCbor,
  hashBytes,
  Link,
  writeIdBytes,
} from '@daggerml/object-model';

/** What stands before the first link: `["dml-execution-key", 1, …, …]`. */
const HEAD: Uint8Array = encodeCbor(['dml-execution-key', 1]);
HEAD[0] = 0x84;

const ID_BYTES = 32;
/** What stands before the id in a link. */
const LINK_HEAD: Uint8Array = encodeCbor(new Link(CODEC_DAG_CBOR, '0'.repeat(64))).slice(0, -ID_BYTES);
const LINK_BYTES: number = LINK_HEAD.length + ID_BYTES;
const MAX_ARRAY_HEAD_BYTES = 5;
/** A longer buffer is not kept. */
const MAX_KEPT_BYTES = 65_536;

let kept: Buffer = Buffer.allocUnsafeSlow(1024);

/**
 * Yields the key under which outcomes of a function on values are known, whatever nodes the values came from.
 *
 * Written by hand: the key of a list of n items has n links, and every call has a key.
 *
 * @spec DML-EXE-0401
 */
export function executionKey(functionDatumId: DatumId, inputDatumIds: readonly DatumId[]): ExecutionKey {
  const count = inputDatumIds.length;
  const bytes = bufferOf(HEAD.length + MAX_ARRAY_HEAD_BYTES + (count + 1) * LINK_BYTES);
  bytes.set(HEAD);
  let at = writeLink(bytes, HEAD.length, functionDatumId);
  at = writeArrayHead(bytes, at, count);
  for (const datumId of inputDatumIds) at = writeLink(bytes, at, datumId);
  return hashBytes(bytes.subarray(0, at)) as string as ExecutionKey;
}

function bufferOf(sizeBytes: number): Buffer {
  if (sizeBytes <= kept.length) return kept;
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  if (sizeBytes <= MAX_KEPT_BYTES) kept = bytes;
  return bytes;
}

function writeArrayHead(bytes: Buffer, at: number, count: number): number {
  if (count < 24) return bytes.writeUInt8(0x80 | count, at);
  if (count < 0x100) return bytes.writeUInt8(count, bytes.writeUInt8(0x98, at));
  if (count < 0x10000) return bytes.writeUInt16BE(count, bytes.writeUInt8(0x99, at));
  return bytes.writeUInt32BE(count, bytes.writeUInt8(0x9a, at));
}

function writeLink(bytes: Buffer, at: number, datumId: DatumId): number {
  for (let index = 0; index < LINK_HEAD.length; index += 1) bytes[at + index] = LINK_HEAD[index] as number;
  writeIdBytes(datumId, bytes, at + LINK_HEAD.length);
  return at + LINK_BYTES;
}
