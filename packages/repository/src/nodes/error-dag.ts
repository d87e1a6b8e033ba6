import { checkSchema, type DagId, type DatumId, type NodeId, type Records } from '@daggerml/object-model';
import { liftDatum, lowerValue, type ObjectSink, type ObjectSource } from '@daggerml/values';
import { type RecordSource, storedValue } from './stored-value.ts';

/** Schema of the datums of failures that this version makes and reads. */
const FAILURE_SCHEMA = 1;

/** A failure that is part of the record: it follows from the function and its inputs. */
export interface RecordedFailure {
  readonly code: string;
  readonly message: string;
  /** Positions in the sources as they were when it was recorded, innermost first. */
  readonly trace: readonly string[];
}

interface RecordSink extends ObjectSink {
  put(record: Records['node']): NodeId;
  put(record: Records['dag']): DagId;
}

/**
 * Stores the datum that describes a failure.
 *
 * @spec DML-EXE-0903
 */
export function putFailure({ code, message, trace }: RecordedFailure, sink: ObjectSink): DatumId {
  const tail = trace.length > 0 ? { trace } : {};
  const value = { schema: FAILURE_SCHEMA, class: 'deterministic', code, message, ...tail };
  return lowerValue(value, sink, 'failure');
}

/** Stores the dag whose root is a datum: the result of a call. */
export function putResultDag(datumId: DatumId, sink: RecordSink): DagId {
  const rootNodeId = sink.put({ type: 'node', kind: 'literal', datumId });
  return sink.put({ type: 'dag', rootNodeId, names: [] });
}

/**
 * Reads the failure that an exec with status ERROR records. Throws `invalid_payload` with `schema_form`, or with
 * `newer_schema` for one that a later version recorded.
 */
export function readFailure(exec: Records['exec'], source: RecordSource): RecordedFailure {
  const datumId =
    exec.nodeKind === 'builtin'
      ? exec.resultDatumId
      : storedValue(source.read('dag', exec.resultDagId).rootNodeId, { getPin: () => undefined }, source);
  // @spec DML-EXE-0926
  checkSchema(source.read('datum', datumId), FAILURE_SCHEMA, source);
  const value = liftDatum(asObjectSource(source), datumId) as Partial<Record<string, unknown>>;
  const trace = Array.isArray(value.trace) ? value.trace.map(String) : [];
  return { code: String(value.code ?? 'unknown'), message: String(value.message ?? ''), trace };
}

function asObjectSource(source: RecordSource): ObjectSource {
  return {
    getPage: (pageId) => source.getPage(pageId),
    readDatum: (datumId) => source.read('datum', datumId),
    readChunk: () => Promise.reject(new Error('a recorded failure has no blobs')),
  };
}
