import { expect, it } from 'vitest';
import { idOfBytes, isIdText, writeIdBytes } from './ids.ts';

const id = '0123456789abcdef'.repeat(4);
const refusal = (detail: string): unknown => expect.objectContaining({ detail });

it('an id is the hex digits of its bytes, at any offset [DML-OBJ-0401]', () => {
  const target = new Uint8Array(40);
  writeIdBytes(id, target, 8);
  expect(Buffer.from(target.subarray(8)).toString('hex')).toBe(id);
  expect(idOfBytes(target, 8)).toBe(id);
  expect(isIdText(id)).toBe(true);
});

it('an id is refused in any other form [DML-OBJ-0401]', () => {
  for (const bad of ['', 'x', id.slice(1), `${id}0`, id.toUpperCase(), `${id.slice(1)}\u0130`, 5, null]) {
    expect(isIdText(bad as never), String(bad)).toBe(false);
    expect(() => writeIdBytes(bad as never, new Uint8Array(32), 0)).toThrow(refusal('id_form'));
  }
});

it('an id has 32 bytes [DML-OBJ-0404]', () => {
  expect(() => idOfBytes(new Uint8Array(31))).toThrow(refusal('id_length'));
  expect(() => idOfBytes(new Uint8Array(40), 9)).toThrow(refusal('id_length'));
});
