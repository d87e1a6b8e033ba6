import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FunctionCapture, type FunctionRef, functions } from '@daggerml/capture';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import { captureCall } from '../capture-call.ts';

const capture = new FunctionCapture();
let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create(`
export const stamp = (x: number) => [x, Date.now() > 0, Math.random() < 1];
export const pure = (x: number) => x;`);
});
afterAll(() => workspace.close());

function reference(allow: readonly ('clock' | 'randomness')[]): FunctionRef {
  const url = pathToFileURL(join(workspace.folder, 'steps.ts'));
  return functions<Record<'stamp', () => unknown>>(url, { allow }).stamp as unknown as FunctionRef;
}

describe('what functions read beside their inputs', () => {
  it('is reported once for a run, also for cached calls [DML-EXE-1105]', async () => {
    for (const workName of ['first', 'second']) {
      const run = workspace.begin({ workName });
      const calls = [run.call('stamp', [1], { label: 'one' }), run.call('stamp', [2]), run.call('pure', [1])];
      for (const call of calls) await run.outcome(call);
      const file = join(workspace.folder, 'steps.ts');
      const reports = workspace.events.filter((event) => event.type === 'ambient-inputs');
      const ambientInputs = [
        { kind: 'clock', what: 'Date.now', file, line: 2 },
        { kind: 'randomness', what: 'Math.random', file, line: 2 },
      ];
      const named = { nodeId: calls[0]?.nodeId, name: 'one', functionName: 'stamp' };
      expect(reports).toHaveLength(1);
      expect(reports).toMatchObject([{ ...named, ambientInputs, leftOut: [] }]);
    }
  });

  it('is not reported as far as the author allows it [DML-EXE-1106]', async () => {
    const run = workspace.begin({ workName: 'allowed' });
    const kindsOf = (allow: readonly ('clock' | 'randomness')[]): string[] => {
      const spec = captureCall(reference(allow).with({ timeoutMs: 1000 }), capture, run.open.files);
      return (spec.captured?.ambientInputs ?? []).map(({ kind }) => kind);
    };
    expect(kindsOf([])).toEqual(['clock', 'randomness']);
    expect(kindsOf(['clock'])).toEqual(['randomness']);
    expect(kindsOf(['clock', 'randomness'])).toEqual([]);
  });

  it('is not allowed by a kind that there is not, and the nearest is named [DML-EXE-2901]', () => {
    const { files } = workspace.begin().open;
    const allow = (kind: string): unknown => captureCall(reference([kind as 'clock']), capture, files);
    for (const [kind, instead] of [
      ['clok', 'use clock'],
      ['toString', 'use files, network, processes, clock, randomness, environment'],
    ] as const) {
      const refused = `capture_failed: a function cannot be captured: its option allow has "${kind}"`;
      expect(() => allow(kind)).toThrow(`${refused}, which is no kind of reads; ${instead}`);
    }
  });

  it('is no part of the identity, allowed or not [DML-EXE-0523]', () => {
    const run = workspace.begin({ workName: 'same' });
    const uriOf = (allow: readonly ('clock' | 'randomness')[]): string =>
      captureCall(reference(allow), capture, run.open.files).functionDatumId;
    expect(uriOf(['clock'])).toBe(uriOf([]));
  });
});
