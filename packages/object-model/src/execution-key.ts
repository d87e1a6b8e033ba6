import { CODEC_DAG_CBOR } from './cbor/value.ts';
import { CborWriter } from './cbor/writer.ts';
import { hashBytes } from './hash/hash-bytes.ts';
import type { DatumId, ExecutionKey } from './ids.ts';
import type { TreeRoot } from './records/page-types.ts';

const writer = new CborWriter();
const TITLE = 'dml-execution-key';
const KEY_VERSION = 1;

/**
 * Returns the key under which outcomes of a function on values are known, whatever nodes the values came from.
 *
 * `inputs` is the root that a tree builder gives the datum ids of the values in their order. Throws
 * `invalid_payload` with `id_form`.
 *
 * @spec DML-OBJ-1511
 */
export function executionKey(functionDatumId: DatumId, inputs: TreeRoot<'values'>): ExecutionKey {
  writer.reset();
  writer.head(4, 4);
  writer.text(TITLE);
  writer.head(0, KEY_VERSION);
  writer.link(CODEC_DAG_CBOR, functionDatumId);
  if (typeof inputs === 'string') writer.link(CODEC_DAG_CBOR, inputs);
  else {
    writer.head(4, inputs.length);
    for (const datumId of inputs) writer.link(CODEC_DAG_CBOR, datumId);
  }
  return hashBytes(writer.bytes.subarray(0, writer.length)) as string as ExecutionKey;
}
