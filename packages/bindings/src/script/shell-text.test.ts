import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { draftShell } from './script-draft.ts';
import { dedented, ShellText } from './shell-text.ts';

/** Values that a shell must not read as anything but text. */
const HOSTILE = ["it's", '"; echo no; "', '$(echo no) `echo no` $HOME', 'a  b\n*', '\\', '-n', '', 'ü$1'];

/** Runs a text in which `@` is a value, once as a variable and once as a word, and returns what is printed. */
function outputs(template: string, value: string): (string | undefined)[] {
  return (['addVariable', 'addWord'] as const).map((add) => {
    const shell = new ShellText();
    const [first = '', ...rest] = template.split('@');
    shell.add(first);
    for (const text of rest) {
      if (!shell[add](add === 'addWord' ? value : 'VALUE')) return undefined;
      shell.add(text);
    }
    const args = ['--noprofile', '--norc', '-euo', 'pipefail', '-c', shell.text];
    return execFileSync('bash', args, { env: { VALUE: value, PATH: process.env.PATH }, encoding: 'utf8' });
  });
}

const PLACES: readonly [string, (value: string) => string][] = [
  ["printf '%s' @", (value) => value],
  ['printf "%s" a@b@', (value) => `a${value}b${value}`],
  ['printf %s "x @ y"', (value) => `x ${value} y`],
  ['printf %s "$(printf %s @)"', (value) => value.replace(/\n+$/, '')],
  ['printf %s "$(printf %s "@")"', (value) => value.replace(/\n+$/, '')],
  ["# it's a comment with ' and \"\nprintf %s @", (value) => value],
  ["printf %s 'x'@ # \" @", (value) => `x${value}`],
  ["printf %s $'\\''@", (value) => `'${value}`],
  ['f() { printf %s @; }; f other', (value) => value],
  [`printf %s "$\{NONE:-"a"}"@`, (value) => `a${value}`],
  ['cat <<END\nit\'s "@"\nEND\nprintf %s @', (value) => `it's "${value}"\n${value}`],
  ['printf %s \\"@', (value) => `"${value}`],
  ['(printf %s @) | cat', (value) => value],
  ['case x in x) printf %s @;; esac', (value) => value],
];

describe('a text for a shell', () => {
  it.each(PLACES)('takes a value in %j as one word [DML-BND-1772]', (template, expected) => {
    for (const value of HOSTILE) {
      const wanted = expected(value);
      expect(outputs(template, value)).toEqual([wanted, wanted]);
    }
  });

  it.each([["printf '@'"], ["printf $'@'"], ["cat <<'END'\n@\nEND"]])(
    'takes no value in %j [DML-BND-1778]',
    (template) => {
      expect(outputs(template, 'x')).toEqual([undefined, undefined]);
      const [first = '', second = ''] = template.split('@');
      const place = { folder: '/x', sandbox: false };
      expect(() => draftShell([first, second], [1], { options: {}, place })).toThrow(
        expect.objectContaining({
          code: 'invalid_script',
          message: expect.stringContaining('single quotes'),
        }),
      );
    },
  );

  it('loses the indentation that all its lines have', () => {
    expect(dedented(['\n    a\n      b ', ' c\n\n    d\n  '])).toEqual(['a\n  b ', ' c\n\nd']);
    expect(dedented(['a'])).toEqual(['a']);
    expect(dedented(['  a \\\n    b'])).toEqual(['a \\\nb']);
  });
});
