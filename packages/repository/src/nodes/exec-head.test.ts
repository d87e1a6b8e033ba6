import { type ExecRecord, encodeRecord, hashBytes } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { execHeadOf, headOf } from './exec-head.ts';

const id = (text: string): never => hashBytes(new TextEncoder().encode(text)) as never;

function execsOf(head: Pick<ExecRecord, 'status' | 'functionDatumId' | 'inputs'>): ExecRecord[] {
  const common = { type: 'exec', nodeId: id('node'), ...head } as const;
  return [
    { ...common, nodeKind: 'builtin', resultDatumId: id('datum') },
    {
      ...common,
      nodeKind: 'call',
      resultDagId: id('dag'),
      pins: [[id('a'), id('b')]],
      requestId: id('request'),
      sourceExecId: null,
      startedMs: 1,
      finishedMs: 1_800_000_000_000,
      receiptDatumId: null,
      detailsDatumId: id('details'),
    },
  ];
}

describe('execHeadOf', () => {
  it('reads from the bytes what decoding them yields', () => {
    for (const status of ['ok', 'error'] as const) {
      for (const count of [0, 1, 2, 23]) {
        const inputs = Array.from({ length: count }, (_, index) => id(`${index}`));
        const head = { status, functionDatumId: id('function'), inputs };
        for (const exec of execsOf(head)) {
          expect(execHeadOf(encodeRecord(exec))).toEqual(headOf(exec));
          expect(headOf(exec)).toMatchObject({ ...head, nodeKind: exec.nodeKind });
        }
      }
    }
  });

  it('leaves execs of many inputs and of newer formats to be decoded', () => {
    const many = Array.from({ length: 24 }, (_, index) => id(`${index}`));
    for (const inputs of [many, id('page')]) {
      const head = { status: 'ok', functionDatumId: id('function'), inputs } as const;
      for (const exec of execsOf(head)) expect(execHeadOf(encodeRecord(exec))).toBeUndefined();
    }
    const [exec] = execsOf({ status: 'ok', functionDatumId: id('function'), inputs: [] });
    const newer = Uint8Array.from(encodeRecord(exec as ExecRecord), (byte, at) => (at === 1 ? 2 : byte));
    expect(execHeadOf(newer)).toBeUndefined();
    expect(execHeadOf(new Uint8Array(0))).toBeUndefined();
  });
});
