import {
  type DatumId,
  type ExecId,
  encodeRecord,
  executionKey,
  hashBytes,
  type NodeId,
  type ObjectClass,
  type ObjectId,
  type Records,
} from '@daggerml/object-model';
import type { OutcomeToPublish } from '../src/cache/cache-publisher.ts';

/** Objects in memory, as a run holds them. */
export class HeldObjects {
  readonly objects: Map<string, Uint8Array> = new Map();

  getBytes(_class: ObjectClass, id: string): Uint8Array | undefined {
    return this.objects.get(id);
  }

  put<Class extends ObjectClass>(record: Parameters<typeof encodeRecord>[0]): ObjectId<Class> {
    const bytes = encodeRecord(record);
    const id = hashBytes<Class>(bytes);
    this.objects.set(id, bytes);
    return id;
  }

  putText(value: string): DatumId {
    return this.put<'datum'>({ type: 'datum', kind: 'string', value });
  }
}

/** Facts of an outcome of a test. */
export interface OutcomeFacts {
  readonly status?: 'ok' | 'error';
  readonly value?: string;
  readonly fencing?: number;
  readonly startedMs?: number;
  readonly sourceExecId?: ExecId;
  /** Outcomes of calls that the function has made. */
  readonly made?: readonly ExecId[];
}

/** Makes the outcome of a function applied to a text. */
export function outcomeOf(held: HeldObjects, input: string, facts: OutcomeFacts = {}): OutcomeToPublish {
  const {
    status = 'ok',
    value = `${input} done`,
    fencing,
    startedMs = 1,
    sourceExecId = null,
    made = [],
  } = facts;
  const functionDatumId = held.put<'datum'>({ type: 'datum', kind: 'uri', value: 'dml+exec://suite/f' });
  const inputDatumId = held.putText(input);
  const literal = held.put<'node'>({ type: 'node', kind: 'literal', datumId: inputDatumId });
  const nodeId = held.put<'node'>({ type: 'node', kind: 'call', functionDatumId, inputs: [literal] });
  const rootNodeId = held.put<'node'>({ type: 'node', kind: 'literal', datumId: held.putText(value) });
  const execId = held.put<'exec'>({
    type: 'exec',
    nodeKind: 'call',
    pins: made.map((execId, at) => [literalNode(held, `made ${at}`), execId] as const).sort(byId),
    requestId: null,
    sourceExecId,
    receiptDatumId: sourceExecId === null ? held.putText('receipt') : null,
    detailsDatumId: null,
    nodeId,
    status,
    functionDatumId,
    inputs: [inputDatumId],
    resultDagId: held.put<'dag'>({ type: 'dag', rootNodeId, names: [] }),
    startedMs: sourceExecId === null ? startedMs : null,
    finishedMs: sourceExecId === null ? 2 : null,
  } satisfies Records['exec']);
  return { executionKey: executionKey(functionDatumId, [inputDatumId]), execId, status, fencing };
}

function literalNode(held: HeldObjects, text: string): NodeId {
  return held.put<'node'>({ type: 'node', kind: 'literal', datumId: held.putText(text) });
}

function byId([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : 1;
}

/** Returns outcomes of so many texts. */
export function outcomesOf(held: HeldObjects, count: number, prefix = 'input'): OutcomeToPublish[] {
  return Array.from({ length: count }, (_, at) => outcomeOf(held, `${prefix} ${at}`));
}
