import {
  CODEC_DAG_CBOR,
  type DatumId,
  type ExecutionKey,
  encodeCbor,
  hashBytes,
  Link,
} from '@daggerml/object-model';

/**
 * Yields the key under which outcomes of a function on values are known, whatever nodes the values came from.
 *
 * @spec DML-EXE-0401
 */
export function executionKey(functionDatumId: DatumId, inputDatumIds: readonly DatumId[]): ExecutionKey {
  const link = (datumId: DatumId): Link => new Link(CODEC_DAG_CBOR, datumId);
  const fields = ['dml-execution-key', 1, link(functionDatumId), inputDatumIds.map(link)];
  return hashBytes(encodeCbor(fields)) as string as ExecutionKey;
}
