import { describe, expect, it } from 'vitest';
import { unassignedPattern } from './nfc.ts';
import { replaceTerminalControls } from './terminal-controls.ts';

const everyCharacter = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code));

function escaped(text: string): string {
  return replaceTerminalControls(text);
}

describe('replaceTerminalControls', () => {
  it('finds what steers a terminal and what nobody sees, and nothing else [DML-OBJ-2320]', () => {
    // From the character database of the platform, as far as Unicode 15.0 knows the character.
    const category = /^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]$/u;
    const forGood = /^[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]$/u;
    const newer = unassignedPattern();
    const found = everyCharacter.filter((character) => replaceTerminalControls(character, () => '') === '');
    expect(found).toEqual(
      everyCharacter.filter(
        (character) => forGood.test(character) || (category.test(character) && !newer.test(character)),
      ),
    );
    const reserved = found.filter((character) => /\p{Cn}/u.test(character)).length;
    expect(found.length - reserved).toBeGreaterThan(2 ** 11 + 400);
    for (const character of '\u0000\u001b\u0085\u00ad\u061c\u200b\u200c\u200d\u200e\u2028\u202e\u2060\u2066\ufe0f\ufeff\uffff')
      expect(replaceTerminalControls(`a${character}b`, () => '·')).toBe('a·b');
    expect(replaceTerminalControls('a\u{e0001}b\u{e0061}\ud83d!', () => '·')).toBe('a·b··!');
  });

  it.each(['❤️', '⚠️ careful', '👨‍👩‍👧', '🏳️‍🌈', '1️⃣ #️⃣', '🏃🏽‍♀️', '👁️‍🗨️'])(
    'keeps the emoji %s as it is [DML-OBJ-2321]',
    (text) => {
      expect(text).toMatch(/\ufe0f|\u200d/);
      expect(escaped(text)).toBe(text);
    },
  );

  it('keeps neither selector nor joiner outside of an emoji [DML-OBJ-2321]', () => {
    expect(escaped('\ufe0f')).toBe('\\ufe0f');
    expect(escaped('a\ufe0f')).toBe('a\\ufe0f');
    expect(escaped('1\ufe0f')).toBe('1\\ufe0f');
    expect(escaped('a\ufe0f\u20e3')).toBe('a\\ufe0f\u20e3');
    expect(escaped('❤\ufe0f\ufe0f')).toBe('❤\ufe0f\\ufe0f');
    expect(escaped('❤\ufe0e')).toBe('❤\\ufe0e');
    expect(escaped('a\u200db')).toBe('a\\u200db');
    expect(escaped('❤\u200d')).toBe('❤\\u200d');
    expect(escaped('\u200d❤')).toBe('\\u200d❤');
    expect(escaped('❤\u200d\u200d❤')).toBe('❤\\u200d\\u200d❤');
    expect(escaped('می\u200cخواهم')).toBe('می\\u200cخواهم');
  });

  it('writes the escape that JSON and JavaScript know', () => {
    const text = everyCharacter.join(' ');
    const some = escaped('a\u001b[31m\u0000\u202e\ufeff\u{e0001}\ud800z');
    expect(some).toBe('a\\u001b[31m\\u0000\\u202e\\ufeff\\udb40\\udc01\\ud800z');
    expect(JSON.parse(`"${some}"`)).toBe('a\u001b[31m\u0000\u202e\ufeff\u{e0001}\ud800z');
    expect(JSON.parse(escaped(JSON.stringify(text)))).toBe(text);
  });
});
