import { isDmlError } from '@daggerml/object-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import { failureError } from './call-failure.ts';
import { type RunNode, reachableFrom } from './run-node.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create(`
export const fail = (text: string) => { throw new RangeError(text, { cause: new Error('the cause') }); };
export const odd = () => { throw 7; };
export const pass = (...inputs: unknown[]) => inputs.length;
`);
});
afterAll(() => workspace.close());

describe('failureError', () => {
  it('says which call failed and how, with what the function threw as the cause [DML-BND-0506]', async () => {
    const run = workspace.begin();
    const [plain, labelled] = [run.call('fail', ['a']), run.call('fail', ['b'], { label: 'the second' })];
    for (const node of [plain, labelled]) await run.outcome(node);
    const start = (node: RunNode): string => `node ${node.nodeId.slice(0, 12)}`;
    const error = failureError(plain);
    expect(isDmlError(error)).toBe(true);
    expect(error.message.split('\n')[0]).toContain(`fail() (${start(plain)}) failed: RangeError: a`);
    expect(error.cause).toMatchObject({ name: 'RangeError', message: 'a', cause: { message: 'the cause' } });
    expect(failureError(labelled).message).toContain(`fail() "the second" (${start(labelled)})`);
  });

  it('of a call whose input failed leads to the call where it began [DML-BND-0508]', async () => {
    const run = workspace.begin();
    const origin = run.call('odd', []);
    const between = run.builtin('dml://list/construct', [origin]);
    const last = run.call('pass', [between]);
    await run.outcome(last);
    const error = failureError(last);
    expect(error.fields).toMatchObject({ class: 'input', originNodeId: origin.nodeId, originName: 'odd' });
    expect(error.message).toContain('pass()');
    expect(error.message).toMatch(/did not run, because an input failed: .*odd\(\)/);
    expect(error.cause).toMatchObject({ code: 'function_threw', fields: { nodeId: origin.nodeId } });
    expect(failureError(between).message).toContain('dml://list/construct (');
  });
});

describe('reachableFrom', () => {
  it('lists a node and all that it depends on once', () => {
    const run = workspace.begin();
    const one = run.literal(1);
    const two = run.call('pass', [one, one]);
    const three = run.call('pass', [two, one]);
    run.call('pass', ['another']);
    expect(new Set(reachableFrom([three, two]))).toEqual(new Set([one, two, three]));
    expect(reachableFrom([three])).toHaveLength(3);
  });
});
