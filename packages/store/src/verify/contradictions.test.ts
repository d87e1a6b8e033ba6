import {
  buildTree,
  type CallExec,
  type DatumId,
  type ExecId,
  type ExecRequestId,
  type NodeId,
  type ObjectId,
  type PageId,
} from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { putFunction, putRequestOf, putWholeCall } from '../../test/calls.ts';
import { excise } from '../../test/excise.ts';
import { findingsOf } from '../../test/findings.ts';
import { openFixture } from '../../test/fixture-store.ts';
import { pagesOf, putCommit, putDag, putLiteral, putRecord, putText } from '../../test/records.ts';
import type { ObjectName } from '../excision/plan.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import type { Finding } from './finding.ts';

/** Returns the findings of a verification of a store that a transaction has filled, and what that has made. */
async function findingsAfter<Made>(
  fill: (transaction: WriteTransaction) => Made,
): Promise<{ findings: Finding[]; made: Made }> {
  const store = await openFixture();
  const made = store.transact('fill', fill);
  return { findings: await findingsOf(store), made };
}

/** Puts an exec of a builtin with function and inputs of another one. */
function putBuiltinExec(
  transaction: WriteTransaction,
  nodeId: NodeId,
  { functionDatumId, inputs }: CallExec,
): ExecId {
  const outcome = { status: 'ok', resultDatumId: putText(transaction, 'result') } as const;
  const call = { nodeId, functionDatumId, inputs };
  return putRecord(transaction, { type: 'exec', nodeKind: 'builtin', ...call, ...outcome });
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

describe('a verification', () => {
  it('finds nothing in execs, requests and pins that agree', async () => {
    const { findings } = await findingsAfter((transaction) => {
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
    const ofLiteral = await findingsAfter((transaction) => {
      const nodeId = putLiteral(transaction, putText(transaction, 'literal'));
      return { nodeId, execId: putWholeCall(transaction, 'a', { exec: { nodeId } }).execId };
    });
    const ofBuiltin = await findingsAfter((transaction) => {
      const { nodeId, exec } = putWholeCall(transaction, 'a');
      return { nodeId, execId: putBuiltinExec(transaction, nodeId, exec) };
    });
    for (const { findings, made } of [ofLiteral, ofBuiltin])
      expect(findings).toEqual([contradiction(made.execId, 'nodeKind', 'node', made.nodeId)]);
  });

  it('finds an exec of another function than its node [DML-STO-0925]', async () => {
    const { findings, made } = await findingsAfter((transaction) => {
      const functionDatumId = putFunction(transaction, 'x:other');
      return putWholeCall(transaction, 'a', { exec: { functionDatumId } });
    });
    expect(findings).toEqual([contradiction(made.execId, 'function', 'node', made.nodeId)]);
  });

  it('finds an exec with another number of inputs than its node, in pages too [DML-STO-0926]', async () => {
    for (const count of [1, 3, 2_000]) {
      const { findings, made } = await findingsAfter((transaction) => {
        const values = Array.from({ length: count }, (_, index) => putText(transaction, `${index}`));
        const inputs = buildTree('values', values, pagesOf(transaction));
        return putWholeCall(transaction, 'a', { exec: { inputs } });
      });
      expect(findings, `${count}`).toEqual([contradiction(made.execId, 'inputCount', 'node', made.nodeId)]);
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
        const { findings, made } = await findingsAfter((transaction) => {
          const inputNodeId = put(transaction);
          const texts = Array.from({ length: count - 1 }, (_, index) => `${index}`);
          const nodeIds = [...texts.map((text) => literal(transaction, text)), inputNodeId];
          const [, wrong] = ['right', 'wrong'].map((last) => {
            const values = [...texts, last].map((text) => putText(transaction, text));
            const inputs = buildTree('values', values, pagesOf(transaction));
            const node = { inputs: buildTree('inputs', nodeIds, pagesOf(transaction)) };
            return putWholeCall(transaction, 'a', { node, exec: { inputs } }).execId;
          });
          return contradiction(wrong!, 'input', 'node', inputNodeId);
        });
        expect(findings, `${name} of ${count}`).toEqual([made]);
      }
    }
  });

  it('takes no input for wrong whose value hangs on pins, or lies too far away', async () => {
    const { findings } = await findingsAfter((transaction) => {
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
      const { findings, made } = await findingsAfter((transaction) => {
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
        const [, wrong] = execs.map(({ nodeId, execId }) => {
          const pins = [...others, inner, { nodeId, execId }]
            .map((pin) => [pin.nodeId, pin.execId] as const)
            .sort(([left], [right]) => (left < right ? -1 : 1));
          const root = buildTree('pins', pins, pagesOf(transaction));
          const outer = putWholeCall(transaction, 'outer', { exec: { pins: root } });
          const name = { class: 'exec', objectId: outer.execId };
          return { code: 'pin_contradiction', ...name, nodeId, to: { class: 'exec', objectId: execId } };
        });
        return wrong;
      });
      expect(findings, `${isPaged}`).toEqual([made]);
    }
  });

  it('finds an exec whose request has another node or execution key [DML-STO-0927]', async () => {
    for (const change of ['nodeId', 'executionKey'] as const) {
      const { findings, made } = await findingsAfter((transaction) => {
        const { exec } = putWholeCall(transaction, 'a');
        const other = { nodeId: putWholeCall(transaction, 'b').nodeId, executionKey: '1'.repeat(64) };
        const requestId = putRequestOf(transaction, exec, { [change]: other[change] });
        const { execId } = putWholeCall(transaction, 'a', { exec: { requestId } });
        return contradiction(execId, 'request', 'exec-request', requestId);
      });
      expect(findings, change).toEqual([made]);
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
        return putBuiltinExec(transaction, nodeId, exec);
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
      const { findings, made } = await findingsAfter((transaction) => {
        const sourceExecId = put(transaction);
        const { execId } = putWholeCall(transaction, 'a', { exec: { sourceExecId } });
        return contradiction(execId, 'source', 'exec', sourceExecId);
      });
      expect(findings, name).toEqual([made]);
    }
  });

  it('finds pins and requests under another node, in commits, execs and pages [DML-STO-0929]', async () => {
    const { findings, made } = await findingsAfter((transaction) => {
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
      return [
        { code, class: 'commit', objectId: commitId, ...pin },
        { code, class: 'commit', objectId: commitId, ...request },
        { code, class: 'exec', objectId: outer.execId, ...pin },
        { code, class: 'page', objectId: pageIds[0], ...pin },
        { code, class: 'page', objectId: pageIds[1], ...request },
      ];
    });
    expect(findings).toHaveLength(made.length);
    expect(findings).toEqual(expect.arrayContaining(made));
  });

  it('finds details that are no map with a schema, wherever there are details [DML-STO-0931]', async () => {
    const wrong: Readonly<Record<string, (transaction: WriteTransaction) => DatumId>> = {
      'a text': (transaction) => putText(transaction, 'no map'),
      'a map without schema': (transaction) =>
        putRecord(transaction, { type: 'datum', kind: 'map', root: [] }),
      'schema 0': (transaction) => schemaMap(transaction, 0n),
    };
    for (const [name, put] of Object.entries(wrong)) {
      const { findings, made } = await findingsAfter((transaction) => {
        const detailsDatumId = put(transaction);
        const { exec, execId } = putWholeCall(transaction, 'a', { exec: { detailsDatumId } });
        const requestId = putRequestOf(transaction, exec, { detailsDatumId });
        const commitId = putCommit(transaction, { detailsDatumId });
        const to = { class: 'datum', objectId: detailsDatumId };
        return [
          { class: 'exec', objectId: execId },
          { class: 'exec-request', objectId: requestId },
          { class: 'commit', objectId: commitId },
        ].map((at) => ({ code: 'details_invalid', member: 'details', to, ...at }));
      });
      expect(findings, name).toHaveLength(3);
      expect(findings, name).toEqual(expect.arrayContaining(made));
    }
  });

  it('finds needs that are no map [DML-STO-0932]', async () => {
    const { findings, made } = await findingsAfter((transaction) => {
      const needsDatumId: DatumId = putRecord(transaction, { type: 'datum', kind: 'list', root: [] });
      const { exec } = putWholeCall(transaction, 'a');
      const name = { class: 'exec-request', objectId: putRequestOf(transaction, exec, { needsDatumId }) };
      const to = { class: 'datum', objectId: needsDatumId };
      return { code: 'details_invalid', ...name, member: 'needs', to };
    });
    expect(findings).toEqual([made]);
  });

  it('takes what cannot be read for no contradiction', async () => {
    const store = await openFixture();
    const lost = store.transact('fill', (transaction): ObjectName[] => {
      const functionDatumId = putFunction(transaction, 'x:other');
      const wrong = putWholeCall(transaction, 'wrong', { exec: { functionDatumId } });
      const requestId = putRequestOf(transaction, putWholeCall(transaction, 'b').exec);
      const outer = putWholeCall(transaction, 'a', { exec: { requestId } });
      const detailsDatumId = putText(transaction, 'no map');
      putCommit(transaction, {
        pins: { [outer.nodeId]: wrong.execId } as never,
        detailsDatumId,
      });
      return [
        { class: 'node', objectId: wrong.nodeId },
        { class: 'exec-request', objectId: requestId },
        { class: 'exec', objectId: wrong.execId },
        { class: 'datum', objectId: detailsDatumId },
      ];
    });
    expect(await findingsOf(store)).toHaveLength(4);
    await excise(store, ...lost);
    expect(await findingsOf(store)).toEqual([]);
  });

  it('checks the tree of the inputs of an exec like any other', async () => {
    const { findings, made } = await findingsAfter((transaction) => {
      const values = ['a', 'b', 'c', 'd'].map((text) => putText(transaction, text));
      const leaf = { type: 'page', role: 'values', level: 0, entries: values } as const;
      const pageId: PageId = putRecord(transaction, leaf);
      const { nodeId } = putWholeCall(transaction, 'a', {
        node: { inputs: values.map((datumId) => putLiteral(transaction, datumId)) },
        exec: { inputs: values },
      });
      const { execId } = putWholeCall(transaction, 'a', { exec: { nodeId, inputs: pageId } });
      const name = { class: 'exec', objectId: execId };
      return { code: 'tree_not_canonical', ...name, role: 'values', fault: 'top', pageId };
    });
    expect(findings).toEqual([made]);
  });
});
