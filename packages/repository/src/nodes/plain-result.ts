import { type DagId, type DatumId, encodeRecord, hashBytes, type NodeId } from '@daggerml/object-model';

const ID_BYTES = 32;
const NO_ID = '0'.repeat(2 * ID_BYTES);

/** A record with one link that is not set; a re-run of many calls has one hashed for each. */
interface Blank {
  readonly bytes: Buffer;
  readonly idAt: number;
}

function blankOf(encoded: Uint8Array): Blank {
  const bytes = Buffer.from(encoded);
  return { bytes, idAt: bytes.indexOf(Buffer.alloc(ID_BYTES)) };
}

const literal = blankOf(encodeRecord({ type: 'node', kind: 'literal', datumId: NO_ID as DatumId }));
const dag = blankOf(encodeRecord({ type: 'dag', rootNodeId: NO_ID as NodeId, names: [] }));

/** Returns the id of the result dag that is a datum by itself, which is what nearly all calls come to. */
export function plainResultOf(datumId: DatumId): DagId {
  literal.bytes.write(datumId, literal.idAt, 'hex');
  dag.bytes.write(hashBytes<'node'>(literal.bytes), dag.idAt, 'hex');
  return hashBytes<'dag'>(dag.bytes);
}
