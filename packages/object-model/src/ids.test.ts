import { describe, expect, it } from 'vitest';
import { idBytes, idOfBytes, isIdText, parseIdPrefix, writeIdBytes } from './ids.ts';

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

  it('are found by prefixes in either case [DML-OBJ-0402]', () => {
    expect(parseIdPrefix('ABCD')).toBe('abcd');
    expect(() => parseIdPrefix('abc')).toThrow(expect.objectContaining({ detail: 'id_form' }));
  });
});
