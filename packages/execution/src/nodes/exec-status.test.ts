import { type ExecRecord, encodeRecord, hashBytes } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { execStatusOf } from './exec-status.ts';

const id = (text: string): never => hashBytes(new TextEncoder().encode(text)) as never;

describe('execStatusOf', () => {
  it('reads from the bytes what decoding them yields', () => {
    for (const status of ['ok', 'error'] as const) {
      const inputs = [id('first'), id('second')];
      const functionDatumId = id('function');
      const common = { type: 'exec', nodeId: id('node'), status, functionDatumId, inputs } as const;
      const builtin: ExecRecord = { ...common, nodeKind: 'builtin', resultDatumId: id('datum') };
      const call: ExecRecord = {
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
      };
      expect([builtin, call].map((exec) => execStatusOf(encodeRecord(exec)))).toEqual([status, status]);
      const newer = Uint8Array.from(encodeRecord(call), (byte, at) => (at === 1 ? 2 : byte));
      expect(execStatusOf(newer)).toBe('error');
    }
  });
});
