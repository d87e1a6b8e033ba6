import {
  buildTree,
  type DatumId,
  type ExecId,
  type ExecRequestId,
  type NodeId,
  type ObjectId,
  type PageId,
} from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { putFunction, putRequestOf, putWholeCall } from '../../test/calls.ts';
import { openFixture } from '../../test/fixture-store.ts';
import { pagesOf, putCommit, putDag, putLiteral, putRecord, putText } from '../../test/records.ts';
import { applyExcision, planExcision } from '../excision/excise.ts';
import type { RecordClass } from '../objects/objects.ts';
import type { Store } from '../store.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import type { Finding } from './finding.ts';
import { verifyStore } from './verify-store.ts';

async function findingsOf(store: Store): Promise<Finding[]> {
  const findings: Finding[] = [];
  const list = (finding: Finding): void => void findings.push(finding);
  await verifyStore(store, { onFinding: list, onLeftover: list });
  return findings;
}

/** Returns the findings of a verification of a store that a transaction has filled. */
async function findingsAfter(fill: (transaction: WriteTransaction) => void): Promise<Finding[]> {
  const store = await openFixture();
  store.transact('fill', fill);
  return findingsOf(store);
}

function contradiction(execId: ExecId, member: string, toClass: string, to: ObjectId): object {
  const name = { class: 'exec', objectId: execId };
  return { code: 'exec_contradiction', ...name, member, to: { class: toClass, objectId: to } };
}

function schemaMap(transaction: WriteTransaction, value: bigint): DatumId {
  return putRecord(transaction, {
    type: 'datum',
    kind: 'map',
    root: [['schema', { type: 'datum', kind: 'i64', value }]],
  });
}

/** Has nothing of an object but its name, as after an excision. */
async function excise(store: Store, objectClass: RecordClass, objectId: ObjectId): Promise<void> {
  const plan = await planExcision(store, { objects: [{ class: objectClass, objectId }] });
  applyExcision(store, plan, { reason: 'r', message: '', actor: 'a' });
}

describe('a verification', () => {
  it('finds nothing in execs, requests and pins that agree', async () => {
    const findings = await findingsAfter((transaction) => {
      const first = putWholeCall(transaction, 'a');
      const requestId = putRequestOf(transaction, first.exec, {
        needsDatumId: putRecord(transaction, { type: 'datum', kind: 'map', root: [] }),
        detailsDatumId: schemaMap(transaction, 2n ** 63n - 1n),
      });
      const own = putWholeCall(transaction, 'a', {
        exec: { requestId, startedMs: 1, finishedMs: 2, detailsDatumId: schemaMap(transaction, 1n) },
      });
      const derived = putWholeCall(transaction, 'a', { exec: { sourceExecId: own.execId } });
      const nodeIds = Array.from({ length: 300 }, (_, index) => putWholeCall(transaction, `${index}`));
      const pins = nodeIds.map(({ nodeId, execId }) => [nodeId, execId] as const);
      putWholeCall(transaction, 'nested', { exec: { pins: [[own.nodeId, derived.execId]] } });
      putCommit(transaction, {
        pins: Object.fromEntries(pins.slice(0, 20)),
        requests: { [own.nodeId]: requestId } as never,
        detailsDatumId: schemaMap(transaction, 7n),
      });
    });
    expect(findings).toEqual([]);
  });

  it('finds an exec of another node kind than its node [DML-STO-0924]', async () => {
    let execId = '' as ExecId;
    let nodeId = '' as NodeId;
    const findings = await findingsAfter((transaction) => {
      nodeId = putLiteral(transaction, putText(transaction, 'literal'));
      execId = putWholeCall(transaction, 'a', { exec: { nodeId } }).execId;
    });
    expect(findings).toEqual([contradiction(execId, 'nodeKind', 'node', nodeId)]);
    const builtin = await findingsAfter((transaction) => {
      const { exec } = putWholeCall(transaction, 'a');
      const { functionDatumId, inputs } = exec;
      const resultDatumId = putText(transaction, 'result');
      nodeId = exec.nodeId;
      execId = putRecord(transaction, {
        type: 'exec',
        nodeKind: 'builtin',
        nodeId,
        functionDatumId,
        inputs,
        status: 'ok',
        resultDatumId,
      });
    });
    expect(builtin).toEqual([contradiction(execId, 'nodeKind', 'node', nodeId)]);
  });

  it('finds an exec of another function than its node [DML-STO-0925]', async () => {
    let call = {} as ReturnType<typeof putWholeCall>;
    const findings = await findingsAfter((transaction) => {
      const functionDatumId = putFunction(transaction, 'x:other');
      call = putWholeCall(transaction, 'a', { exec: { functionDatumId } });
    });
    expect(findings).toEqual([contradiction(call.execId, 'function', 'node', call.nodeId)]);
  });

  it('finds an exec with another number of inputs than its node, in pages too [DML-STO-0926]', async () => {
    for (const count of [1, 3, 2_000]) {
      let call = {} as ReturnType<typeof putWholeCall>;
      const findings = await findingsAfter((transaction) => {
        const values = Array.from({ length: count }, (_, index) => putText(transaction, `${index}`));
        const inputs = buildTree('values', values, pagesOf(transaction));
        call = putWholeCall(transaction, 'a', { exec: { inputs } });
      });
      expect(findings, `${count}`).toEqual([contradiction(call.execId, 'inputCount', 'node', call.nodeId)]);
    }
  });

  it('finds an exec with another value than a literal input, or an import of one, has [DML-STO-0950]', async () => {
    const nested = (transaction: WriteTransaction, nodeId: NodeId, name: string): NodeId => {
      const names = name === 'root' ? {} : { [name]: nodeId };
      const rootNodeId = name === 'root' ? nodeId : putLiteral(transaction, putText(transaction, 'root'));
      const dagId = putDag(transaction, rootNodeId, names);
      return putRecord(transaction, { type: 'node', kind: 'import', dagId, name });
    };
    const literal = (transaction: WriteTransaction, text: string): NodeId =>
      putLiteral(transaction, putText(transaction, text));
    const inputNodes: Readonly<Record<string, (transaction: WriteTransaction) => NodeId>> = {
      literal: (transaction) => literal(transaction, 'right'),
      'import of a root': (transaction) => nested(transaction, literal(transaction, 'right'), 'root'),
      'import of an import': (transaction) =>
        nested(transaction, nested(transaction, literal(transaction, 'right'), 'root'), 'named'),
    };
    for (const [name, put] of Object.entries(inputNodes)) {
      for (const count of [1, 900]) {
        let execId = '' as ExecId;
        let inputNodeId = '' as NodeId;
        const findings = await findingsAfter((transaction) => {
          inputNodeId = put(transaction);
          const texts = Array.from({ length: count - 1 }, (_, index) => `${index}`);
          const nodeIds = [...texts.map((text) => literal(transaction, text)), inputNodeId];
          for (const last of ['right', 'wrong']) {
            const values = [...texts, last].map((text) => putText(transaction, text));
            const inputs = buildTree('values', values, pagesOf(transaction));
            const node = { inputs: buildTree('inputs', nodeIds, pagesOf(transaction)) };
            execId = putWholeCall(transaction, 'a', { node, exec: { inputs } }).execId;
          }
        });
        expect(findings, `${name} of ${count}`).toEqual([
          contradiction(execId, 'input', 'node', inputNodeId),
        ]);
      }
    }
  });

  it('takes no input for wrong whose value hangs on pins, or lies too far away', async () => {
    const findings = await findingsAfter((transaction) => {
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
    expect(findings).toEqual([]);
  });

  it('finds pins of an exec that lead to execs of other inputs than the nodes have there [DML-STO-0951]', async () => {
    for (const isPaged of [false, true]) {
      const expected: object[] = [];
      const findings = await findingsAfter((transaction) => {
        const inner = putWholeCall(transaction, 'inner');
        const value = putText(transaction, 'result of inner');
        const execs = [value, putText(transaction, 'another')].map((datumId) =>
          putWholeCall(transaction, 'next', {
            node: { inputs: [inner.nodeId] },
            exec: { inputs: [datumId] },
          }),
        );
        const others = Array.from({ length: isPaged ? 200 : 0 }, (_, index) =>
          putWholeCall(transaction, `${index}`),
        );
        for (const { nodeId, execId } of execs) {
          const pins = [...others, inner, { nodeId, execId }]
            .map((pin) => [pin.nodeId, pin.execId] as const)
            .sort(([left], [right]) => (left < right ? -1 : 1));
          const root = buildTree('pins', pins, pagesOf(transaction));
          const outer = putWholeCall(transaction, 'outer', { exec: { pins: root } });
          if (execId === execs[0]!.execId) continue;
          const to = { class: 'exec', objectId: execId };
          const name = { class: 'exec', objectId: outer.execId };
          expected.push({ code: 'pin_contradiction', ...name, nodeId, to });
        }
      });
      expect(findings, `${isPaged}`).toEqual(expected);
    }
  });

  it('finds an exec whose request has another node or execution key [DML-STO-0927]', async () => {
    for (const change of ['nodeId', 'executionKey'] as const) {
      let execId = '' as ExecId;
      let requestId = '' as ExecRequestId;
      const findings = await findingsAfter((transaction) => {
        const { exec } = putWholeCall(transaction, 'a');
        const other = { nodeId: putWholeCall(transaction, 'b').nodeId, executionKey: '1'.repeat(64) };
        requestId = putRequestOf(transaction, exec, { [change]: other[change] });
        execId = putWholeCall(transaction, 'a', { exec: { requestId } }).execId;
      });
      expect(findings, change).toEqual([contradiction(execId, 'request', 'exec-request', requestId)]);
    }
  });

  it('finds an exec whose source is no exec that it could stem from [DML-STO-0928]', async () => {
    type Put = (transaction: WriteTransaction) => ExecId;
    const sources: Readonly<Record<string, Put>> = {
      'of a builtin': (transaction) => {
        const { exec } = putWholeCall(transaction, 'a');
        const nodeId: NodeId = putRecord(transaction, {
          type: 'node',
          kind: 'builtin',
          functionDatumId: exec.functionDatumId,
          inputs: ['left', 'right'].map((side) =>
            putLiteral(transaction, putText(transaction, `${side} of a`)),
          ),
        });
        const { functionDatumId, inputs } = exec;
        const resultDatumId = putText(transaction, 'result');
        const outcome = { status: 'ok', functionDatumId, inputs, resultDatumId } as const;
        return putRecord(transaction, { type: 'exec', nodeKind: 'builtin', nodeId, ...outcome });
      },
      'with a source': (transaction) => {
        const sourceExecId = putWholeCall(transaction, 'a').execId;
        return putWholeCall(transaction, 'a', { exec: { sourceExecId } }).execId;
      },
      'of other inputs': (transaction) => {
        const { resultDagId } = putWholeCall(transaction, 'a').exec;
        return putWholeCall(transaction, 'b', { exec: { resultDagId } }).execId;
      },
      'of another status': (transaction) =>
        putWholeCall(transaction, 'a', { exec: { status: 'error' } }).execId,
      'under other pins': (transaction) => {
        const { nodeId, execId } = putWholeCall(transaction, 'inner');
        return putWholeCall(transaction, 'a', { exec: { pins: [[nodeId, execId]] } }).execId;
      },
      'with another result': (transaction) => {
        const resultDagId = putDag(transaction, putLiteral(transaction, putText(transaction, 'other')));
        return putWholeCall(transaction, 'a', { exec: { resultDagId } }).execId;
      },
    };
    for (const [name, put] of Object.entries(sources)) {
      let execId = '' as ExecId;
      let sourceExecId = '' as ExecId;
      const findings = await findingsAfter((transaction) => {
        sourceExecId = put(transaction);
        execId = putWholeCall(transaction, 'a', { exec: { sourceExecId } }).execId;
      });
      expect(findings, name).toEqual([contradiction(execId, 'source', 'exec', sourceExecId)]);
    }
  });

  it('finds pins and requests under another node, in commits, execs and pages [DML-STO-0929]', async () => {
    const expected: object[] = [];
    const findings = await findingsAfter((transaction) => {
      const right = putWholeCall(transaction, 'right');
      const wrong = putWholeCall(transaction, 'wrong');
      const requestId = putRequestOf(transaction, wrong.exec);
      const { nodeId } = right;
      const commitId = putCommit(transaction, {
        pins: { [nodeId]: wrong.execId } as never,
        requests: { [nodeId]: requestId } as never,
      });
      const outer = putWholeCall(transaction, 'outer', { exec: { pins: [[nodeId, wrong.execId]] } });
      const put = (role: 'pins' | 'requests', to: ExecId | ExecRequestId): PageId =>
        putRecord(transaction, { type: 'page', role, level: 0, entries: [[nodeId, to]] } as never);
      const pageIds = [put('pins', wrong.execId), put('requests', requestId)];
      const pin = { role: 'pins', nodeId, to: { class: 'exec', objectId: wrong.execId } };
      const request = { role: 'requests', nodeId, to: { class: 'exec-request', objectId: requestId } };
      const code = 'entry_contradiction';
      expected.push({ code, class: 'commit', objectId: commitId, ...pin });
      expected.push({ code, class: 'commit', objectId: commitId, ...request });
      expected.push({ code, class: 'exec', objectId: outer.execId, ...pin });
      expected.push({ code, class: 'page', objectId: pageIds[0], ...pin });
      expected.push({ code, class: 'page', objectId: pageIds[1], ...request });
    });
    expect(findings).toHaveLength(expected.length);
    expect(findings).toEqual(expect.arrayContaining(expected));
  });

  it('finds details that are no map with a schema, wherever there are details [DML-STO-0931]', async () => {
    const wrong: Readonly<Record<string, (transaction: WriteTransaction) => DatumId>> = {
      'a text': (transaction) => putText(transaction, 'no map'),
      'a map without schema': (transaction) =>
        putRecord(transaction, { type: 'datum', kind: 'map', root: [] }),
      'schema 0': (transaction) => schemaMap(transaction, 0n),
    };
    for (const [name, put] of Object.entries(wrong)) {
      const expected: object[] = [];
      const findings = await findingsAfter((transaction) => {
        const detailsDatumId = put(transaction);
        const { exec, execId } = putWholeCall(transaction, 'a', { exec: { detailsDatumId } });
        const requestId = putRequestOf(transaction, exec, { detailsDatumId });
        const commitId = putCommit(transaction, { detailsDatumId });
        const fault = {
          code: 'details_invalid',
          member: 'details',
          to: { class: 'datum', objectId: detailsDatumId },
        };
        expected.push({ ...fault, class: 'exec', objectId: execId });
        expected.push({ ...fault, class: 'exec-request', objectId: requestId });
        expected.push({ ...fault, class: 'commit', objectId: commitId });
      });
      expect(findings, name).toHaveLength(3);
      expect(findings, name).toEqual(expect.arrayContaining(expected));
    }
  });

  it('finds needs that are no map [DML-STO-0932]', async () => {
    let requestId = '' as ExecRequestId;
    let needsDatumId = '' as DatumId;
    const findings = await findingsAfter((transaction) => {
      needsDatumId = putRecord(transaction, { type: 'datum', kind: 'list', root: [] });
      requestId = putRequestOf(transaction, putWholeCall(transaction, 'a').exec, { needsDatumId });
    });
    const name = { class: 'exec-request', objectId: requestId };
    const to = { class: 'datum', objectId: needsDatumId };
    expect(findings).toEqual([{ code: 'details_invalid', ...name, member: 'needs', to }]);
  });

  it('takes what cannot be read for no contradiction', async () => {
    const store = await openFixture();
    let lost: readonly (readonly [RecordClass, ObjectId])[] = [];
    store.transact('fill', (transaction) => {
      const functionDatumId = putFunction(transaction, 'x:other');
      const wrong = putWholeCall(transaction, 'wrong', { exec: { functionDatumId } });
      const requestId = putRequestOf(transaction, putWholeCall(transaction, 'b').exec);
      const outer = putWholeCall(transaction, 'a', { exec: { requestId } });
      const detailsDatumId = putText(transaction, 'no map');
      putCommit(transaction, {
        pins: { [outer.nodeId]: wrong.execId } as never,
        detailsDatumId,
      });
      lost = [
        ['node', wrong.nodeId],
        ['exec-request', requestId],
        ['exec', wrong.execId],
        ['datum', detailsDatumId],
      ];
    });
    expect(await findingsOf(store)).toHaveLength(4);
    for (const [objectClass, objectId] of lost) await excise(store, objectClass, objectId);
    expect(await findingsOf(store)).toEqual([]);
  });

  it('checks the tree of the inputs of an exec like any other', async () => {
    let execId = '' as ExecId;
    let pageId = '' as PageId;
    const findings = await findingsAfter((transaction) => {
      const values = ['a', 'b', 'c', 'd'].map((text) => putText(transaction, text));
      const leafId = putRecord<PageId>(transaction, {
        type: 'page',
        role: 'values',
        level: 0,
        entries: values,
      });
      const { nodeId } = putWholeCall(transaction, 'a', {
        node: { inputs: values.map((datumId) => putLiteral(transaction, datumId)) },
        exec: { inputs: values },
      });
      pageId = leafId;
      execId = putWholeCall(transaction, 'a', { exec: { nodeId, inputs: leafId } }).execId;
    });
    const name = { class: 'exec', objectId: execId };
    expect(findings).toEqual([{ code: 'tree_not_canonical', ...name, role: 'values', fault: 'top', pageId }]);
  });
});
