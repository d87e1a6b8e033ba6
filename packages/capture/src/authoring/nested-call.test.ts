import { describe, expect, it } from 'vitest';
import { call, callWith } from './nested-call.ts';

describe('call', () => {
  it('calls the function itself where no dag runs, with the values of promises [DML-BND-1830]', async () => {
    const add = (a: number, b: number): number => a + b;
    expect(await call(add, call(add, 1, 2), 3)).toBe(6);
    expect(await callWith({ name: 'sum' }, add, Promise.resolve(1), 3)).toBe(4);
    const fail = (): never => {
      throw new RangeError('no');
    };
    await expect(call(fail)).rejects.toThrow(new RangeError('no'));
  });
});
