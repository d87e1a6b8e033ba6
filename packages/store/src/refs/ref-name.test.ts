import { DmlError } from '@daggerml/object-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asRefName,
  checkNewRefName,
  execRef,
  headRef,
  indexRef,
  parseRefKey,
  refKey,
  remoteRef,
  tagRef,
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

  it('holds names of tags to the rules of branches [DML-STO-1980]', () => {
    expect(refKey(tagRef('v1/ä')).toString()).toBe('tags/v1%2F%C3%A4');
    expect(parseRefKey(refKey(tagRef('v1/ä')))).toBe('refs/tags/v1/ä');
    for (const name of ['a b', '-v', 'v..1', 'tags/v', '0123456789ab', 'HEAD', 'a~1'])
      for (const ref of [tagRef(name), headRef(name)])
        expect(() => checkNewRefName(ref), ref).toThrow(
          expect.objectContaining({ code: 'ref_name_invalid' }),
        );
    expect(() => checkNewRefName(tagRef('a b'))).toThrow('"a b" cannot name a tag');
    expect(() => tagRef('e\u0301')).toThrow('cannot name a tag');
  });

  it('refuses everything that is none of the forms [DML-STO-0305]', () => {
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
      'refs/tags/',
      'refs/notes/v1',
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

  it.each([
    ['x'.repeat(256), 'name_length'],
    ['', 'name_length'],
    ['a\u0007b', 'name_control'],
    ['a\u009bb', 'name_control'],
    ['..', 'name_reserved'],
    ['a\ud800', 'lone_surrogate'],
    ['e\u0301', 'not_canonical'],
  ])('says which rule of names %j breaks [DML-STO-0324]', (name, detail) => {
    const refused = expect.objectContaining({ code: 'ref_name_invalid', detail });
    expect(() => headRef(name)).toThrow(refused);
    expect(() => remoteRef('origin', name)).toThrow(refused);
  });
});

/** Names that break each of the rules; those of `character` have it in the middle. */
const BROKEN: Readonly<Record<string, readonly string[]>> = {
  part_empty: ['/a', 'a/', 'a//b', '/'],
  part_dot: ['.a', 'a/.b', '.lock', '.'],
  part_lock: ['a.lock', 'a.lock/b'],
  two_dots: ['a/../b', 'a..b'],
  last_dot: ['a.'],
  at_brace: ['a@{1}', '@{'],
  character: ['a b', 'a~b', 'a^b', 'a:b', 'a?b', 'a*b', 'a[b', 'a\\b', 'a#b'],
  reserved: ['@', 'HEAD', 'refs/heads/x', 'refs/x', 'heads/x', 'remotes/o/p', 'index/z', 'exec/z'],
  first_dash: ['-', '--force'],
  like_an_id: ['0123456789ab', 'ABCDEF012345', 'f'.repeat(64)],
};

const GOOD: readonly string[] = [
  ...['main', 'a/b/c', 'a.b', 'a.lockx', 'a-', 'a@b', 'a{b}', 'head', 'refs', 'heads', 'x/heads/y'],
  ...['indexes/x', 'HEAD/x', 'feature/ä+b', '%2F', '日本', 'deadbeef', '20261101', '0123456789abg'],
  ...['f'.repeat(65), "it's;$x|y"],
];

function refusalOf(name: string, check: (name: string) => void): DmlError | undefined {
  try {
    check(name);
    return undefined;
  } catch (error) {
    if (error instanceof DmlError) return error;
    throw error;
  }
}

const newHead = (name: string): void => checkNewRefName(headRef(name));

describe('names of new refs', () => {
  const broken = Object.entries(BROKEN).flatMap(([rule, names]) =>
    names.map((name) => [name, rule] as const),
  );

  it.each(broken)('%j is refused as %s [DML-STO-0320]', (name, detail) => {
    // What is no canonical name is refused as that.
    if (name !== '.') {
      const refusal = refusalOf(name, newHead);
      expect(refusal).toMatchObject({ code: 'ref_name_invalid', detail, fields: { name } });
      expect(refusal?.fields.character).toBe(detail === 'character' ? name[1] : undefined);
      expect(refusal?.fields.refName).toBe(`refs/heads/${name}`);
    }
    if (!['reserved', 'first_dash', 'like_an_id'].includes(detail)) {
      const remote = refusalOf(name, (text) => checkNewRefName(asRefName(`refs/remotes/origin/${text}`)));
      expect(remote).toMatchObject({ code: 'ref_name_invalid' });
    }
  });

  it('may be what breaks no rule, of a branch, a remote or a UUID', () => {
    for (const name of GOOD) {
      expect(refusalOf(name, newHead), name).toBeUndefined();
      expect(() => checkNewRefName(remoteRef('origin', name)), name).not.toThrow();
    }
    expect(() => checkNewRefName(indexRef(UUID))).not.toThrow();
    expect(() => checkNewRefName(execRef(UUID))).not.toThrow();
    expect(() => checkNewRefName(remoteRef('-o', 'x'))).toThrow(
      expect.objectContaining({ detail: 'first_dash' }),
    );
    expect(() => checkNewRefName(remoteRef('heads', 'x'))).toThrow(
      expect.objectContaining({ detail: 'reserved' }),
    );
  });

  it('that are refused come with one that would do [DML-STO-0321]', () => {
    const suggested = (name: string): unknown => refusalOf(name, newHead)?.fields.suggestion;
    expect(suggested('x~1')).toBe('x-1');
    expect(suggested('a/../b')).toBe('a/b');
    expect(suggested('/a//b/')).toBe('a/b');
    expect(suggested('my branch')).toBe('my-branch');
    expect(suggested('refs/heads/x')).toBe('x');
    expect(suggested('heads/x')).toBe('x');
    expect(suggested('refs/remotes/o/heads/p')).toBe('o/heads/p');
    expect(suggested('HEAD')).toBe('branch-HEAD');
    expect(suggested('@{')).toBe('branch');
    expect(suggested('deadbeefdead')).toBe('branch-deadbeefdead');
    expect(suggested('x.lock.lock')).toBe('x');
    expect(suggested('e\u0301')).toBe('\u00e9');
    const pieces = fc.constantFrom(
      ...['a', 'é', '/', '.', '-', '@', '{', '~', ' ', '.lock', 'HEAD'],
      '\u0007',
      '\ud800',
    );
    const texts = fc.oneof(
      fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary', maxLength: 400 }),
    );
    fc.assert(
      fc.property(texts, (name) => {
        const refusal = refusalOf(name, newHead);
        if (refusal === undefined) return;
        expect(refusal.code).toBe('ref_name_invalid');
        expect(refusalOf(String(refusal.fields.suggestion), newHead)).toBeUndefined();
      }),
    );
  });
});
