import { describe, expect, it } from 'vitest';
import { abbreviateId, idBytes, idOfBytes, isIdText, parseIdPrefix, writeIdBytes } from './ids.ts';

const id = '0123456789abcdef'.repeat(4);

describe('ids', () => {
  it('are the hex digits of their bytes [DML-OBJ-0401]', () => {
    const bytes = idBytes(id);
    expect(bytes.length).toBe(32);
    expect(Buffer.from(bytes).toString('hex')).toBe(id);
    expect(idOfBytes(bytes)).toBe(id);
    expect(isIdText(id)).toBe(true);
    expect(isIdText(id.toUpperCase())).toBe(false);
  });

  it('are written at an offset', () => {
    const target = new Uint8Array(40);
    writeIdBytes(id, target, 8);
    expect(idOfBytes(target, 8)).toBe(id);
  });

  it('are refused in any other form [DML-OBJ-0401]', () => {
    for (const bad of ['', 'x', id.slice(1), `${id}0`, id.toUpperCase(), `${id.slice(1)}\u0130`, 5, null]) {
      expect(() => idBytes(bad as never), String(bad)).toThrow(
        expect.objectContaining({ detail: 'id_form' }),
      );
    }
  });

  it('have 32 bytes [DML-OBJ-0404]', () => {
    expect(() => idOfBytes(new Uint8Array(31))).toThrow(expect.objectContaining({ detail: 'id_length' }));
    expect(() => idOfBytes(new Uint8Array(40), 9)).toThrow(expect.objectContaining({ detail: 'id_length' }));
  });

  it('are abbreviated as far as they stay apart [DML-OBJ-0403]', () => {
    const near = `${id.slice(0, 20)}f${id.slice(21)}`;
    expect(abbreviateId(id)).toBe(id.slice(0, 12));
    expect(abbreviateId(id, [near])).toBe(id.slice(0, 21));
    expect(abbreviateId(id, [near, id])).toBe(id.slice(0, 21));
    expect(abbreviateId(id, [], 4)).toBe(id.slice(0, 4));
    expect(abbreviateId(id, [], 1)).toHaveLength(4);
    const last = `${id.slice(0, 63)}0`;
    expect(abbreviateId(id, [last])).toBe(id);
  });

  it('are found by prefixes in either case [DML-OBJ-0402]', () => {
    expect(parseIdPrefix('ABCD')).toBe('abcd');
    expect(() => parseIdPrefix('abc')).toThrow(expect.objectContaining({ detail: 'id_form' }));
  });
});
