import { afterEach, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';

let workspace: Workspace;
afterEach(() => workspace.close());

const arithmetic = `
export const add = (a: number, b: number): number => a + b;
export const half = (a: number): number => Math.floor(a / 2);
export const fail = (a: number): number => { throw new RangeError('no ' + a); };
`;

describe('Run', () => {
  it('runs calls when their inputs have values', async () => {
    workspace = await Workspace.create(arithmetic);
    const run = workspace.begin();
    const sum = run.call('add', [1, 2]);
    const total = run.call('add', [sum, run.call('half', [sum])]);
    expect(await run.outcome(total)).toBe(4);
    expect(run.counts).toEqual({ executed: 3 });
  });
});
