import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { printable } from '../render/printable.ts';
import { fillIn } from './wording.ts';

describe('fillIn', () => {
  it('cuts what no name and hardly any path is as long as [DML-CLI-1262]', () => {
    const long = `${'a'.repeat(50_000)}z`;
    const shown = `${'a'.repeat(900)}…${'a'.repeat(99)}z`;
    for (const field of ['name', 'path', 'word', 'problem'])
      expect(fillIn(`"{${field}}" is gone`, { [field]: long })).toBe(`"${shown}" is gone`);
    expect(fillIn('run "dml show {name}"', { name: long })).toBe(`run "dml show '${shown}'"`);
    expect(fillIn('{names}', { names: [long] })).toBe(shown);
    expect(fillIn('"{name}"', { name: '🚀'.repeat(600) }).isWellFormed()).toBe(true);
    const path = 'p'.repeat(1_000);
    expect(fillIn('{path}', { path })).toBe(path);
    // What others wrote to be read is not cut.
    expect(fillIn('{message} {reason}', { message: long, reason: long })).toBe(`${long} ${long}`);
  });

  it.each([
    ['main~2:sales#clean', 'main~2:sales#clean'],
    ['my dag', "'my dag'"],
    ["it's", "'it'\\''s'"],
    ['$(rm -rf .)', "'$(rm -rf .)'"],
    ['#x', "'#x'"],
    ['{other}', "'{other}'"],
    ['', "''"],
  ])('puts %j into a command as one word of a shell [DML-CLI-0412]', (name, word) => {
    expect(fillIn('"{name}" is gone: "dml show {name}" tells', { name, other: 'x' })).toBe(
      `"${name}" is gone: "dml show ${word}" tells`,
    );
  });

  it.each([
    'a b',
    "it's",
    '-d',
    '--json',
    '$x',
    'a\\u200bb',
    'a\u200bb',
    "\u200b'\\",
    'e\u{e0001}0',
    '\u001b[31m',
    'a\nb',
    '❤️',
  ])('puts %j into a command so that bash reads it back, as it is printed [DML-CLI-0660]', (name) => {
    const printed = printable(fillIn('see "dml show {name}"', { name }));
    const [, command = ''] = /^see "dml (.*)"$/s.exec(printed) ?? [];
    const script = `show() { [ "$1" = -- ] && shift; printf %s "$1"; }; ${command}`;
    expect(execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })).toBe(name);
    if (name.startsWith('-')) expect(command).toBe(`show -- ${name}`);
  });
});
