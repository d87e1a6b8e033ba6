import type { DatumId, ExecId, Records } from '@daggerml/object-model';
import { liftDatum } from '@daggerml/values';
import type { RecordReader } from '../workspace/record-reader.ts';

/** An exec of a call that ran. */
export type RanExec = Extract<Records['exec'], { nodeKind: 'call' }> & { readonly execId: ExecId };

/**
 * Returns the exec that an outcome stems from: of one that was taken over from an equal call, that of the call that ran.
 * Undefined for the outcome of a builtin.
 *
 * @spec DML-REP-0400
 */
export function ranExecOf(reader: RecordReader, execId: ExecId): RanExec | undefined {
  const exec = reader.read('exec', execId);
  if (exec.nodeKind === 'builtin') return undefined;
  return exec.sourceExecId === null ? { ...exec, execId } : ranExecOf(reader, exec.sourceExecId);
}

/** Returns the entries of the receipt of a call that ran; none where it has no receipt. */
export function receiptOf(reader: RecordReader, { receiptDatumId }: RanExec): Fields {
  return receiptDatumId === null ? {} : fieldsOf(liftDatum(reader, receiptDatumId as DatumId));
}

/** Entries of a map that anybody may have written. */
export type Fields = Readonly<Record<string, unknown>>;

/** Returns the entries of a value; none of one that is no map. */
export function fieldsOf(value: unknown): Fields {
  if (value instanceof Map) return Object.fromEntries(value);
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
