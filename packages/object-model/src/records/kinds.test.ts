import { describe, expect, it } from 'vitest';
import { ids, scalar } from '../../test/support/samples.ts';
import { hashBytes } from '../hash/hash-bytes.ts';
import { encodeByCodec, encodeRecord } from './encode-record.ts';
import type { AnyRecord, NodeRecord } from './record-types.ts';

const idOf = (record: AnyRecord): string => hashBytes(encodeRecord(record));

/** Returns the bytes of a record from the template and from the general codec, as hex. */
function bothWays(record: AnyRecord): string[] {
  return [encodeRecord(record), encodeByCodec(record)].map((bytes) => Buffer.from(bytes).toString('hex'));
}

describe('kinds', () => {
  it('keep 1 and 1.0 apart [DML-OBJ-1003]', () => {
    expect(idOf(scalar.i64(1))).not.toBe(idOf(scalar.f64(1)));
    expect(idOf(scalar.string('1'))).not.toBe(idOf(scalar.bytes(0x31)));
  });

  it('give every NaN and both zeros one form [DML-OBJ-1007]', () => {
    const payload = new Float64Array(new BigUint64Array([0x7ff8_0000_0000_0001n]).buffer)[0]!;
    expect(idOf(scalar.f64(payload))).toBe(idOf(scalar.f64(Number.NaN)));
    expect(idOf(scalar.f64(-0))).toBe(idOf(scalar.f64(0)));
    expect(idOf({ type: 'datum', kind: 'list', root: [scalar.f64(-0)] })).toBe(
      idOf({ type: 'datum', kind: 'list', root: [scalar.f64(0)] }),
    );
  });

  it('hold the members of a set once and in order [DML-OBJ-1009]', () => {
    for (const hex of bothWays({ type: 'datum', kind: 'set', root: [scalar.i64(1), scalar.i64(2)] })) {
      expect(hex).toBe('8401020982820301820302');
    }
    const set =
      (...root: Parameters<typeof idOf>[0][]): (() => Uint8Array) =>
      () =>
        encodeRecord({ type: 'datum', kind: 'set', root: root as never });
    expect(set(scalar.i64(1), scalar.i64(2))).not.toThrow();
    expect(set(scalar.i64(2), scalar.i64(1))).toThrow(expect.objectContaining({ detail: 'entry_order' }));
    expect(set(scalar.i64(1), scalar.i64(1))).toThrow(expect.objectContaining({ detail: 'entry_order' }));
  });

  it('hold the keys of a map once and in order [DML-OBJ-1010]', () => {
    const sample: AnyRecord = {
      type: 'datum',
      kind: 'map',
      root: [
        ['a', scalar.i64(2)],
        ['b', scalar.i64(1)],
      ],
    };
    for (const hex of bothWays(sample)) expect(hex).toBe('8401020a82826161820302826162820301');
    const map =
      (...keys: string[]) =>
      () =>
        encodeRecord({ type: 'datum', kind: 'map', root: keys.map((key) => [key, scalar.nothing] as const) });
    expect(map('a', 'b', '\uffff', '\u{10000}')).not.toThrow();
    expect(map('b', 'a')).toThrow(expect.objectContaining({ detail: 'entry_order' }));
    expect(map('a', 'a')).toThrow(expect.objectContaining({ detail: 'entry_order' }));
    expect(map('\u{10000}', '\uffff')).toThrow(expect.objectContaining({ detail: 'entry_order' }));
  });

  it('leave names out of the identity of nodes [DML-OBJ-1206]', () => {
    const node: NodeRecord = {
      type: 'node',
      kind: 'call',
      functionDatumId: ids.datum(),
      inputs: [ids.node()],
    };
    const named = { ...node, name: 'model', names: [['model', ids.node()]] } as NodeRecord;
    expect(idOf(named)).toBe(idOf(node));
    expect(encodeByCodec(named)).toEqual(encodeRecord(node));
    const dags = ['a', 'b'].map((name) =>
      idOf({ type: 'dag', rootNodeId: ids.node(), names: [[name, ids.node()]] }),
    );
    expect(new Set(dags).size).toBe(2);
  });
});
