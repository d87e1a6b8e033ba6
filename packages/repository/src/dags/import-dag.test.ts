import {
  type DagId,
  type DatumId,
  encodeRecord,
  hashBytes,
  type NodeId,
  type Records,
} from '@daggerml/object-model';
import { storeError } from '@daggerml/store';
import { expect, it } from 'vitest';
import type { RecordSource } from '../nodes/stored-value.ts';
import { dagNodes } from './import-dag.ts';

/** Records in memory, some of which a domain withholds. */
class HeldRecords {
  readonly withheld = new Set<string>();
  readonly #records = new Map<string, Records['node'] | Records['dag']>();

  put<Id extends NodeId | DagId>(record: Records['node'] | Records['dag']): Id {
    const id = hashBytes(encodeRecord(record)) as string;
    this.#records.set(id, record);
    return id as Id;
  }

  get source(): RecordSource {
    return {
      getPage: () => undefined,
      read: ((objectClass: 'node', objectId: string) => {
        if (this.withheld.has(objectId))
          throw storeError('object_withheld', { class: objectClass, objectId, domain: 'did:key:z6Mk' });
        const record = this.#records.get(objectId);
        if (record === undefined) throw storeError('object_missing', { class: objectClass, objectId });
        return record;
      }) as never,
    };
  }
}

const datum = (digit: string): DatumId => digit.repeat(64) as DatumId;

it('passes over dags and nodes that a domain withholds [DML-REM-1325]', () => {
  const records = new HeldRecords();
  const literal = (digit: string): NodeId =>
    records.put({ type: 'node', kind: 'literal', datumId: datum(digit) });
  const call = (inputs: readonly NodeId[]): NodeId =>
    records.put({ type: 'node', kind: 'call', functionDatumId: datum('f'), inputs });
  const dag = (rootNodeId: NodeId): DagId => records.put({ type: 'dag', rootNodeId, names: [] });
  const [deep, secret] = [literal('1'), call([literal('2')])];
  const inner = dag(deep);
  const imported: NodeId = records.put({ type: 'node', kind: 'import', dagId: inner, name: 'root' });
  const root = call([imported, secret]);
  const outer = dag(root);
  expect(dagNodes(outer, records.source)).toEqual(new Set([root, imported, deep, secret, literal('2')]));
  records.withheld.add(secret);
  expect(dagNodes(outer, records.source)).toEqual(new Set([root, imported, deep, secret]));
  records.withheld.add(inner);
  expect(dagNodes(outer, records.source)).toEqual(new Set([root, imported, secret]));
  // What is missing for another reason is none of that.
  const lost = dag(datum('9') as string as NodeId);
  expect(() => dagNodes(lost, records.source)).toThrow(expect.objectContaining({ code: 'object_missing' }));
});
