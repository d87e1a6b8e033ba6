import { describe, expect, it } from 'vitest';
import {
  asRefName,
  execRef,
  headRef,
  indexRef,
  parseRefKey,
  parseRefName,
  refKey,
  remoteRef,
} from './ref-name.ts';

const UUID = '00112233-4455-6677-8899-aabbccddeeff';

describe('ref names', () => {
  it('percent-encodes every name in a key [DML-STO-0002]', () => {
    const key = (name: string): string => refKey(name).toString('latin1');
    expect(key(headRef('main'))).toBe('heads/main');
    expect(key(headRef('feature/ä b'))).toBe('heads/feature%2F%C3%A4%20b');
    expect(key(remoteRef('origin', 'x/y'))).toBe('remotes/origin/x%2Fy');
    expect(key(indexRef(UUID))).toBe(`index/${UUID}`);
    expect(key(execRef(UUID))).toBe(`exec/${UUID}`);
  });

  it('reads a ref name back from its key', () => {
    for (const name of [headRef('feature/ä b'), headRef('%2F'), remoteRef('o', 'a/b'), indexRef(UUID)]) {
      expect(parseRefKey(refKey(name))).toBe(name);
    }
  });

  it('knows the parts of a remote-tracking ref', () => {
    expect(parseRefName('refs/remotes/origin/a/b')).toEqual({
      kind: 'remotes',
      remote: 'origin',
      name: 'a/b',
    });
  });

  it('refuses everything that is not one of the four forms [DML-STO-0305]', () => {
    const wrong = [
      '',
      'main',
      'heads/main',
      'refs/heads/',
      'refs/heads',
      'refs/heads/..',
      'refs/heads/a\u0000b',
      `refs/heads/${'x'.repeat(256)}`,
      'refs/heads/e\u0301',
      'refs/tags/v1',
      'refs/remotes/origin',
      'refs/remotes//x',
      'refs/exec/nope',
    ];
    for (const name of wrong) {
      expect(() => asRefName(name), name).toThrow(expect.objectContaining({ code: 'ref_name_invalid' }));
    }
  });

  it('refuses names that are too long once encoded [DML-STO-0311]', () => {
    const tooLong = expect.objectContaining({ code: 'ref_name_invalid', detail: 'too_long' });
    const remote = 'é'.repeat(127);
    expect(() => remoteRef(remote, remote)).toThrow(tooLong);
    // "remotes", two slashes and six bytes for each of the letters make 1,019 with 168 of them and two others.
    const name = `${'é'.repeat(41)}ab`;
    expect(refKey(remoteRef(remote, name)).length).toBe(1019);
    expect(() => remoteRef(remote, `${name}c`)).toThrow(tooLong);
    expect(refKey(headRef('é'.repeat(127))).length).toBe(768);
  });

  it('takes only lowercase UUIDs as names of IndexRefs [DML-STO-1201]', () => {
    expect(indexRef(UUID)).toBe(`refs/index/${UUID}`);
    const invalid = expect.objectContaining({ code: 'ref_name_invalid' });
    for (const name of ['work', UUID.toUpperCase(), `${UUID}0`, `{${UUID}}`]) {
      expect(() => indexRef(name), name).toThrow(invalid);
    }
  });
});
