import { describe, expect, it } from 'vitest';
import { linkFindings, linkTargets } from './link.ts';
import { parseMarkdown } from './markdown.ts';

const documents = [
  { path: 'README.md', text: '# Home\n\n## A `b` & C!\n\n## Twice\n\n## Twice\n\n<a id="pinned"></a>\n' },
  { path: 'docs/A.md', text: '# A\n' },
];
const targets = linkTargets(
  [...documents.map(({ path }) => path), 'packages/store/src/a b.ts', 'specs/10-x.md'],
  documents,
);

function judge(text: string, file = 'docs/A.md'): string[] {
  return linkFindings(file, parseMarkdown(text), targets).map(({ code, detail }) => `${code}: ${detail}`);
}

describe('relative links', () => {
  it('lead to files and folders of the repository [DML-TRC-0701]', () => {
    expect(
      judge('[a](../README.md) [b](A.md) [c](../packages/store) [d](../packages/store/src/) [e](..) [f](.)'),
    ).toEqual([]);
    expect(
      judge('[a](../packages/store/src/a%20b.ts#L3) ![b](<../packages/store/src/a b.ts>) [c](A.md?plain=1)'),
    ).toEqual([]);
    expect(judge('[a](README.md)\n\n![b](b.png)\n\n[c]: ../gone.md\n\n<a href="../gone">x</a>')).toEqual([
      'link_broken: README.md in line 1',
      'link_broken: b.png in line 3',
      'link_broken: ../gone.md in line 5',
      'link_broken: ../gone in line 7',
    ]);
    expect(judge('[a](../../README.md)')).toEqual(['link_broken: ../../README.md in line 1']);
  });

  it('name headings as GitHub does [DML-TRC-0702]', () => {
    expect(
      judge('[a](../README.md#a-b--c) [b](../README.md#twice-1) [c](#a) [d](../README.md#pinned)'),
    ).toEqual([]);
    expect(judge('[a](../README.md#A-b) [b](#b) [c](../README.md#twice-2)')).toEqual([
      'anchor_broken: ../README.md#A-b in line 1',
      'anchor_broken: #b in line 1',
      'anchor_broken: ../README.md#twice-2 in line 1',
    ]);
  });
});

describe('absolute links', () => {
  it('are red when they name a file of this repository [DML-TRC-0703]', () => {
    const web = 'https://example.com/any/repository/blob/main/specs/10-x.md#a';
    expect(judge(`[a](/README.md) [b](file:///README.md) [c](${web}) [d](//example.com/x)`)).toEqual([
      'link_absolute: /README.md in line 1',
      'link_absolute: file:///README.md in line 1',
      `link_absolute: ${web} in line 1`,
      'link_absolute: //example.com/x in line 1',
    ]);
    expect(
      judge(
        '[a](https://example.com/) <mailto:a@example.com> [b](https://example.com/x/blob/main/other/10-x.md)',
      ),
    ).toEqual([]);
  });

  it('are red in a specification whatever they name [DML-TRC-0704]', () => {
    expect(judge('[a](https://example.com/)\n\n<https://example.com/b>', 'specs/10-x.md')).toEqual([
      'link_absolute: https://example.com/ in line 1',
      'link_absolute: https://example.com/b in line 3',
    ]);
    expect(judge('[a](../README.md)', 'specs/10-x.md')).toEqual([]);
  });
});

it('links in code are not links', () => {
  expect(judge('`[a](gone.md)`\n\n```\n[a](gone.md)\n```\n')).toEqual([]);
});
