import { buildTree, type DatumId } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { putFunction, putRequestOf, putWholeCall } from '../../test/calls.ts';
import { excise } from '../../test/excise.ts';
import { CONTRADICTIONS, NOT_CANONICAL, putAgreeing } from '../../test/faults.ts';
import { findingsOf } from '../../test/findings.ts';
import { openFixture } from '../../test/fixture-store.ts';
import {
  mapEntries,
  pagesOf,
  putCommit,
  putDag,
  putLiteral,
  putRecord,
  putText,
} from '../../test/records.ts';
import { StreamObjects } from '../../test/streams.ts';
import type { ObjectName } from '../excision/plan.ts';
import type { Store } from '../store.ts';

let store: Store;

beforeEach(async () => {
  store = await openFixture();
});

describe('a verification finds', () => {
  it.each(Object.entries({ ...NOT_CANONICAL, ...CONTRADICTIONS }))('%s', async (_, put) => {
    const sink = new StreamObjects();
    const { finding } = put(sink);
    store.transact('fill', (transaction) => sink.putInto(transaction));
    expect(await findingsOf(store)).toEqual([expect.objectContaining(finding)]);
  });
});

describe('a verification finds nothing', () => {
  it('in execs, requests and pins that agree', async () => {
    const sink = new StreamObjects();
    putAgreeing(sink);
    store.transact('fill', (transaction) => sink.putInto(transaction));
    expect(await findingsOf(store)).toEqual([]);
  });

  it('in links to what is too long to stand in place, or attached [DML-STO-0920]', async () => {
    const datumId = store.transact('fill', (transaction) => {
      const tooLong = putText(transaction, 'x'.repeat(125));
      const datumId = putText(transaction, 'x'.repeat(124));
      const attached: DatumId = putRecord(transaction, {
        type: 'datum',
        kind: 'uri',
        value: `dml+exec://dml-worker/${datumId}/f`,
        attachmentDatumId: datumId,
      });
      putRecord(transaction, { type: 'datum', kind: 'list', root: [tooLong, attached] });
      const root = buildTree('map', mapEntries(3_000, tooLong), pagesOf(transaction));
      putRecord(transaction, { type: 'datum', kind: 'map', root });
      return datumId;
    });
    expect(await findingsOf(store)).toEqual([]);
    store.transact('longest', (transaction) => {
      putRecord(transaction, { type: 'datum', kind: 'list', root: [datumId] });
    });
    expect(await findingsOf(store)).toMatchObject([{ code: 'element_linked' }]);
  });

  it('in inputs whose value hangs on pins, or lies too far away', async () => {
    store.transact('fill', (transaction) => {
      let nodeId = putLiteral(transaction, putText(transaction, 'far away'));
      for (let step = 0; step < 17; step += 1) {
        const dagId = putDag(transaction, nodeId);
        nodeId = putRecord(transaction, { type: 'node', kind: 'import', dagId, name: 'root' });
      }
      const pinned = putWholeCall(transaction, 'pinned').nodeId;
      const inputs = [putText(transaction, 'one'), putText(transaction, 'two')];
      const call = putWholeCall(transaction, 'a', { node: { inputs: [nodeId, pinned] }, exec: { inputs } });
      putCommit(transaction, { pins: { [call.nodeId]: call.execId } as never });
    });
    expect(await findingsOf(store)).toEqual([]);
  });

  it('in what contradicts something that cannot be read', async () => {
    const lost = store.transact('fill', (transaction): ObjectName[] => {
      const functionDatumId = putFunction(transaction, 'x:other');
      const wrong = putWholeCall(transaction, 'wrong', { exec: { functionDatumId } });
      const requestId = putRequestOf(transaction, putWholeCall(transaction, 'b').exec);
      const outer = putWholeCall(transaction, 'a', { exec: { requestId } });
      putCommit(transaction, { pins: { [outer.nodeId]: wrong.execId } as never });
      return [
        { class: 'node', objectId: wrong.nodeId },
        { class: 'exec-request', objectId: requestId },
        { class: 'exec', objectId: wrong.execId },
      ];
    });
    expect(await findingsOf(store)).toHaveLength(3);
    await excise(store, ...lost);
    expect(await findingsOf(store)).toEqual([]);
  });
});
