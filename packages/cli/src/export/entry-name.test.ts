import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExportLayout, fileName } from './entry-name.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

describe('the file name of a part of a key', () => {
  it.each([
    ['report.md', 'report.md'],
    ['Ergebnis für März 🎉', 'Ergebnis für März 🎉'],
    ['.hidden', '.hidden'],
    ['', '%'],
    ['%', '%25'],
    ['100%41', '100%2541'],
    ['.', '%2E'],
    ['..', '.%2E'],
    ['end ', 'end%20'],
    ['a\\b', 'a%5Cb'],
    ['C:x', 'C%3Ax'],
    ['a*?"<>|', 'a%2A%3F%22%3C%3E%7C'],
    ['a\0\n\u001b[31m', 'a%00%0A%1B[31m'],
    ['\u202egnp.exe', '%E2%80%AEgnp.exe'],
    ['\ufeffa\u061cb\u200ec\u200fd', '%EF%BB%BFa%D8%9Cb%E2%80%8Ec%E2%80%8Fd'],
    ['nul', '%6Eul'],
    ['COM1.txt', '%43OM1.txt'],
    ['com10', 'com10'],
    ['console', 'console'],
  ])('of %j is %j [DML-CLI-0821]', (part, name) => {
    expect(fileName(part)).toBe(name);
  });

  const part = fc
    .string({ unit: fc.constantFrom(...'%.~: 0245EaAnuliconNUL\\é\u0000\u202e') })
    .filter((text) => !text.includes('/'));

  it('can be a file anywhere and is no other part’s [DML-CLI-0821]', () => {
    fc.assert(
      fc.property(part, part, (one, other) => {
        expect(fileName(one)).not.toMatch(/[/\\:*?"<>|\p{Cc}\u202e]|[. ]$|^$/u);
        expect(fileName(one) === fileName(other)).toBe(one === other);
        if (one !== '') expect(decodeURIComponent(fileName(one))).toBe(one);
      }),
    );
  });
});

describe('the layout of an export', () => {
  it('keeps apart what differs only in case, the first one as it is [DML-CLI-0822]', () => {
    const layout = new ExportLayout();
    expect(layout.place('file', ['README.md'])).toBe('README.md');
    const others = ['ReadMe.md', 'readme.md'].map((key) => layout.place('file', [key]));
    expect(others[0]).toMatch(/^ReadMe%~[0-9a-f]{16}\.md$/);
    expect(others[1]).toMatch(/^readme%~[0-9a-f]{16}\.md$/);
    expect(new Set(others.map((path) => path.toLowerCase())).size).toBe(2);
  });

  it('keeps a file and a folder of one name apart [DML-CLI-0822]', () => {
    const layout = new ExportLayout();
    expect(layout.place('file', ['a'])).toBe('a');
    const inside = layout.place('file', ['a/b.txt']);
    expect(inside).toMatch(/^a%~[0-9a-f]{16}\/b\.txt$/);
    expect(layout.place('file', ['a', 'c.txt'])).toBe(inside.replace('b.txt', 'c.txt'));
  });

  it('marks a name or path that is too long [DML-CLI-0821]', () => {
    const layout = new ExportLayout();
    const long = layout.place('file', [`${'ü'.repeat(300)}.tar`]);
    expect(long).toMatch(/^ü+%~[0-9a-f]{16}\.tar$/);
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(200);
    expect(layout.place('file', [`${'\0'.repeat(300)}`])).toMatch(/^(%00)+%~[0-9a-f]{16}$/);
    const deep = Array.from({ length: 400 }, () => 'deep');
    expect(layout.place('file', deep, '.json')).toMatch(/^deep%~[0-9a-f]{16}\.json$/);
  });

  it('gives no two entries one path, whatever their keys are [DML-CLI-0822]', () => {
    const key = fc.string({ unit: fc.constantFrom(...'aA%/.~'), maxLength: 5 });
    const keys = fc.uniqueArray(fc.array(key, { minLength: 1, maxLength: 3 }), {
      selector: (list) => JSON.stringify(list),
      maxLength: 40,
    });
    fc.assert(
      fc.property(keys, (entries) => {
        const layout = new ExportLayout();
        const paths = entries.map((list) => layout.place('file', list).toLowerCase());
        expect(new Set(paths).size).toBe(paths.length);
        for (const path of paths)
          expect(
            paths.some((other) => other.startsWith(`${path}/`)),
            path,
          ).toBe(false);
      }),
    );
  });
});
