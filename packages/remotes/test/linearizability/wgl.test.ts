import { describe, expect, it } from 'vitest';
import { isLinearizable, type Model, type Operation } from './wgl.ts';

/** A register: `write` puts a value, `read` has returned one. */
type Entry = { readonly write: number } | { readonly read: number };

const REGISTER: Model<number, Entry> = {
  initial: 0,
  step: (state, entry) => ('write' in entry ? entry.write : entry.read === state ? state : undefined),
  describe: String,
};

function at(calledAt: number, returnedAt: number | undefined, entry: Entry): Operation<Entry> {
  return {
    calledAt: BigInt(calledAt),
    returnedAt: returnedAt === undefined ? undefined : BigInt(returnedAt),
    entry,
  };
}

const TAKEN: Readonly<Record<string, readonly Operation<Entry>[]>> = {
  'nothing at all': [],
  'one after another': [
    at(0, 1, { write: 1 }),
    at(2, 3, { read: 1 }),
    at(4, 5, { write: 2 }),
    at(6, 7, { read: 2 }),
  ],
  'a read of what is being written': [at(0, 9, { write: 1 }), at(1, 2, { read: 1 }), at(3, 4, { read: 1 })],
  'a read before what is being written': [
    at(0, 9, { write: 1 }),
    at(1, 2, { read: 0 }),
    at(3, 4, { read: 1 }),
  ],
  'writes in the order that reads show': [
    at(0, 9, { write: 1 }),
    at(0, 9, { write: 2 }),
    at(0, 9, { write: 3 }),
    at(1, 2, { read: 3 }),
    at(3, 4, { read: 1 }),
    at(10, 11, { read: 2 }),
  ],
  'a write without an answer that takes effect late': [
    at(0, undefined, { write: 1 }),
    at(1, 2, { read: 0 }),
    at(8, 9, { read: 1 }),
  ],
  'a write without an answer that never takes effect': [
    at(0, undefined, { write: 1 }),
    at(1, 2, { read: 0 }),
  ],
};

const REFUSED: Readonly<Record<string, readonly Operation<Entry>[]>> = {
  'a read of what nobody has written': [at(0, 1, { read: 5 })],
  'a read of what was replaced': [at(0, 1, { write: 1 }), at(2, 3, { write: 2 }), at(4, 5, { read: 1 })],
  'a write that is lost': [at(0, 1, { write: 1 }), at(2, 3, { read: 0 })],
  'a value that goes and comes back': [at(0, 9, { write: 1 }), at(1, 2, { read: 1 }), at(3, 4, { read: 0 })],
  'two readers that see two orders': [
    at(0, 1, { write: 1 }),
    at(2, 20, { write: 2 }),
    at(2, 20, { write: 3 }),
    at(3, 4, { read: 2 }),
    at(5, 6, { read: 3 }),
    at(7, 8, { read: 2 }),
  ],
  'a write without an answer that takes effect before it is made': [
    at(0, 1, { read: 1 }),
    at(2, undefined, { write: 1 }),
  ],
};

describe('isLinearizable', () => {
  it.for(Object.entries(TAKEN))('accepts %s [DML-REM-0721]', ([, operations]) => {
    expect(isLinearizable(operations, REGISTER)).toBe(true);
    expect(isLinearizable([...operations].reverse(), REGISTER)).toBe(true);
  });

  it.for(Object.entries(REFUSED))('refuses %s [DML-REM-0721]', ([, operations]) => {
    expect(isLinearizable(operations, REGISTER)).toBe(false);
    expect(isLinearizable([...operations].reverse(), REGISTER)).toBe(false);
  });
});
