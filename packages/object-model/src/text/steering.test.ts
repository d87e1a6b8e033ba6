import { describe, expect, it } from 'vitest';
import { replaceSteering } from './steering.ts';

const everyCharacter = Array.from({ length: 0x110000 }, (_, code) => code)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code));

describe('replaceSteering', () => {
  it('finds controls, separators, marks of direction and of byte order, and nothing else [DML-OBJ-2306]', () => {
    // From the character database: category Cc, Zl and Zp, and what Bidi_Control lists.
    const steering = /^(?:\p{Cc}|\p{Zl}|\p{Zp}|\p{Bidi_Control}|\ufeff)$/u;
    const found = everyCharacter.filter((character) => replaceSteering(character, () => '') === '');
    expect(found).toEqual(everyCharacter.filter((character) => steering.test(character)));
    expect(found).toHaveLength(65 + 2 + 12 + 1);
  });

  it('writes the escape that JSON and JavaScript know', () => {
    const text = everyCharacter.join('');
    const escaped = replaceSteering('a\u001b[31m\u0000\u202e\ufeffz');
    expect(escaped).toBe('a\\u001b[31m\\u0000\\u202e\\ufeffz');
    expect(JSON.parse(`"${escaped}"`)).toBe('a\u001b[31m\u0000\u202e\ufeffz');
    expect(JSON.parse(replaceSteering(JSON.stringify(text)))).toBe(text);
  });
});
