import { describe, expect, it } from 'vitest';
import { mentionFindings, ownerFindings, titleFindings } from './citation-findings.ts';
import { parseTitle } from './requirement-id.ts';
import { parseSpecDocument } from './spec-document.ts';

const text = `# A

- [DML-OBJ-0001] Names MUST be sorted.
- [DML-OBJ-0002] {planned} Values MUST be sorted.
- [DML-OBJ-0003] {retired} Links MUST be sorted.
- [DML-OBJ-0004] Pages MUST be sorted.
- [DML-OBJ-0005] Trees MUST be sorted.
`;
const { requirements: list } = parseSpecDocument({ path: 'specs/10-object-model.md', text });
const requirements = new Map(list.map((requirement) => [requirement.id, requirement]));

describe('ownerFindings', () => {
  const owner = (id: string, symbol = 'a'): { id: string; file: string; symbol: string } => ({
    id,
    file: 'a.ts',
    symbol,
  });

  it('reports the second and every further owner [DML-TRC-0302]', () => {
    expect(ownerFindings([owner('DML-OBJ-0001'), owner('DML-OBJ-0004')], requirements)).toEqual([]);
    expect(
      ownerFindings(
        [owner('DML-OBJ-0001'), owner('DML-OBJ-0001', 'b'), owner('DML-OBJ-0001', 'c')],
        requirements,
      ),
    ).toEqual([
      { code: 'owner_duplicate', id: 'DML-OBJ-0001', file: 'a.ts', detail: 'a.ts#b beside a.ts#a' },
      { code: 'owner_duplicate', id: 'DML-OBJ-0001', file: 'a.ts', detail: 'a.ts#c beside a.ts#a' },
    ]);
  });

  it('reports an owner of a planned requirement [DML-TRC-0304]', () => {
    expect(ownerFindings([owner('DML-OBJ-0002')], requirements)).toMatchObject([{ code: 'planned_owned' }]);
  });

  it('reports an owner of a retired requirement [DML-TRC-0305]', () => {
    expect(ownerFindings([owner('DML-OBJ-0003')], requirements)).toMatchObject([{ code: 'retired_owned' }]);
  });
});

describe('titleFindings', () => {
  const codes = (title: string): string[] =>
    titleFindings([{ file: 'a.test.ts', ...parseTitle(title) }], requirements).map(({ code, id }) =>
      `${code} ${id ?? ''}`.trim(),
    );

  it('accepts one or two ids and reports three [DML-TRC-0405]', () => {
    expect(codes('a [DML-OBJ-0001]')).toEqual([]);
    expect(codes('a [DML-OBJ-0001] [DML-OBJ-0004]')).toEqual([]);
    expect(codes('a [DML-OBJ-0001] [DML-OBJ-0004] [DML-OBJ-0005]')).toEqual(['test_overcited']);
  });

  it('reports a planned id [DML-TRC-0406]', () => {
    expect(codes('a [DML-OBJ-0002]')).toEqual(['test_cites_planned DML-OBJ-0002']);
  });

  it('reports a retired id [DML-TRC-0407]', () => {
    expect(codes('a [DML-OBJ-0003]')).toEqual(['test_cites_retired DML-OBJ-0003']);
  });

  it('reports an id that does not stand at the end [DML-TRC-0408]', () => {
    expect(codes('[DML-OBJ-0001] a')).toEqual(['test_citation_misplaced DML-OBJ-0001']);
    expect(codes('a DML-OBJ-0001 b [DML-OBJ-0004]')).toEqual(['test_citation_misplaced DML-OBJ-0001']);
  });

  it('reports an id in the title of a group [DML-TRC-0418]', () => {
    const test = { file: 'a.test.ts', ...parseTitle('a [DML-OBJ-0001]') };
    expect(titleFindings([{ ...test, groupIds: [] }], requirements)).toEqual([]);
    expect(titleFindings([{ ...test, groupIds: ['DML-OBJ-0004'] }], requirements)).toEqual([
      { code: 'test_citation_misplaced', id: 'DML-OBJ-0004', file: 'a.test.ts', detail: 'a group around a' },
    ]);
  });

  it('reports an id that nobody defines [DML-TRC-0307]', () => {
    expect(codes('a [DML-OBJ-0009]')).toEqual(['unknown_id DML-OBJ-0009']);
  });
});

it('mentionFindings reports unknown ids of a text and knows planned and retired ones [DML-TRC-0307]', () => {
  expect(
    mentionFindings('README.md', ['DML-OBJ-0002', 'DML-OBJ-0003', 'DML-OBJ-0009'], requirements),
  ).toEqual([{ code: 'unknown_id', id: 'DML-OBJ-0009', file: 'README.md', detail: 'DML-OBJ-0009' }]);
});
