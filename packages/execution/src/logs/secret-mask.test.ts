import { describe, expect, it } from 'vitest';
import { maskText, SecretMask, secretsOf } from './secret-mask.ts';

function masked(secrets: readonly string[], pieces: readonly string[]): string {
  const mask = new SecretMask(secrets);
  const bytes = pieces.map((piece) => mask.add(Buffer.from(piece, 'latin1')));
  return Buffer.concat([...bytes, mask.end()]).toString('latin1');
}

describe('secrets', () => {
  it('are the values of variables whose names announce a credential [DML-EXE-3727]', () => {
    const env = {
      API_TOKEN: 'one-1',
      REGION: 'north',
      DB_PASSWORD: 'two-22',
      GITHUB_KEY: 'three',
      KEY: 'four',
    };
    expect(secretsOf(env)).toEqual(['two-22', 'one-1', 'four']);
    expect(secretsOf(undefined)).toEqual([]);
  });

  it('have four characters or more [DML-EXE-3729]', () => {
    expect(secretsOf({ TOKEN: 'abc', SECRET: '', PASSWORD: 'abcd' })).toEqual(['abcd']);
  });

  it('are replaced wherever what is printed is cut into pieces [DML-EXE-3727]', () => {
    const secrets = ['secret-and-more', 'aaab', 'secret'];
    const cases = [
      ['a secret b', 'a *** b'],
      ['secret', '***'],
      ['secretsecret-and-moresecret', '*********'],
      ['secret-and-mor', '***-and-mor'],
      ['aaaaaab', 'aaa***'],
      ['secre', 'secre'],
      ['secre\n\xffsecret\xff', 'secre\n\xff***\xff'],
      ['nothing', 'nothing'],
      ['', ''],
    ] as const;
    for (const [printed, expected] of cases)
      for (let first = 0; first <= printed.length; first += 1)
        for (let second = first; second <= printed.length; second += 1) {
          const pieces = [printed.slice(0, first), printed.slice(first, second), printed.slice(second)];
          expect(masked(secrets, pieces), JSON.stringify(pieces)).toBe(expected);
        }
    expect(masked(secrets, [...'xsecret-and-morey'])).toBe('x***y');
  });

  it('hold back no more than what may be the beginning of one', () => {
    const mask = new SecretMask(['secret']);
    expect(String(mask.add(Buffer.from('a sec')))).toBe('a ');
    expect(String(mask.add(Buffer.from('ond line\n')))).toBe('second line\n');
    expect(mask.end()).toHaveLength(0);
  });

  it('are replaced in a text, the longest first', () => {
    expect(maskText('a secret-and-more, a secret', ['secret-and-more', 'secret'])).toBe('a ***, a ***');
  });
});
