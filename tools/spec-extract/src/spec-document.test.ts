import { describe, expect, it } from 'vitest';
import { parseSpecDocument, type SpecDocument } from './spec-document.ts';

function parse(text: string, path = 'specs/10-object-model.md'): SpecDocument {
  return parseSpecDocument({ path, text });
}

function codes(text: string, path?: string): string[] {
  return parse(text, path).findings.map(({ code }) => code);
}

const item = (text: string): string => `# Object model\n\n- ${text}\n`;

describe('requirement items', () => {
  it('are list items that begin with an id in brackets [DML-TRC-0101]', () => {
    const { requirements, findings } = parse(
      '# A\n\n1. [DML-OBJ-0001] Names MUST be\n   sorted.\n\n* [DML-OBJ-0002] {norm} `1` is one.\n',
    );
    expect(findings).toEqual([]);
    expect(requirements).toMatchObject([
      {
        id: 'DML-OBJ-0001',
        level: 'MUST',
        text: 'Names MUST be sorted.',
        document: 'specs/10-object-model.md',
      },
      { id: 'DML-OBJ-0002', level: 'NORM', text: '`1` is one.' },
    ]);
  });

  it('are malformed in a paragraph, in emphasis or with an id of another shape [DML-TRC-0101]', () => {
    const good = '- [DML-OBJ-0009] Names MUST be sorted.';
    for (const bad of [
      '[DML-OBJ-0001] Names MUST be sorted.',
      '- **[DML-OBJ-0001]** Names MUST be sorted.',
      '- [dml-obj-0001] Names MUST be sorted.',
      '- [DML-OBJ-01] Names MUST be sorted.',
      '- [DML-OBJ] Names MUST be sorted.',
    ]) {
      expect(codes(`# A\n\n${bad}\n\n# B\n\n${good}\n`), bad).toEqual(['requirement_malformed']);
    }
  });

  it('are not mixed up with a link or a mention [DML-TRC-0101]', () => {
    const text = `${item('[DML-OBJ-0001] Names MUST be sorted.')}\n# B\n\n- [DML-OBJ-0001](#a) holds.\n- DML-OBJ-0001 too.\n`;
    expect(parse(text)).toMatchObject({ requirements: [{ id: 'DML-OBJ-0001' }], findings: [] });
  });

  it('may be nested, and then the outer text ends where the inner list begins', () => {
    const { requirements } = parse(
      item(
        '[DML-OBJ-0001] Names MUST be sorted.\n  - [DML-OBJ-0002] Values MAY be.\n  - [DML-OBJ-0003] Links MAY be.',
      ),
    );
    expect(requirements.map(({ id, text }) => [id, text])).toEqual([
      ['DML-OBJ-0001', 'Names MUST be sorted.'],
      ['DML-OBJ-0002', 'Values MAY be.'],
      ['DML-OBJ-0003', 'Links MAY be.'],
    ]);
  });

  it('take in the plain lists and blocks below them', () => {
    const { requirements } = parse(
      item('[DML-OBJ-0001] A name MUST be one of\n  - `a`\n  - `b`\n\n  in that order.'),
    );
    expect(requirements[0]?.text).toBe('A name MUST be one of - `a` - `b` in that order.');
  });
});

describe('keywords', () => {
  it('stand at most once in a requirement [DML-TRC-0106]', () => {
    expect(codes(item('[DML-OBJ-0001] Names MUST be sorted and MUST be short.'))).toEqual([
      'keyword_repeated',
    ]);
    expect(codes(item('[DML-OBJ-0001] Names MUST be sorted.\n\n  They SHOULD be short.'))).toEqual([
      'keyword_repeated',
    ]);
    expect(codes(item('[DML-OBJ-0001] Names MUST NOT be long.'))).toEqual([]);
  });

  it('are needed where no mark says norm [DML-TRC-0107]', () => {
    expect(codes(item('[DML-OBJ-0001] Names are sorted.'))).toEqual(['keyword_missing']);
    expect(codes(item('[DML-OBJ-0001] {norm} Names are sorted.'))).toEqual([]);
  });

  it('contradict the mark norm', () => {
    expect(codes(item('[DML-OBJ-0001] {norm} Names MUST be sorted.'))).toEqual(['mark_invalid']);
  });

  it('that bind contradict the mark measured [DML-TRC-0991]', () => {
    for (const text of ['Names MUST be fast.', 'Names SHALL NOT be slow.', '{norm} Names are fast.'])
      expect(codes(item(`[DML-OBJ-0001] {measured} ${text}`)), text).toEqual(['mark_invalid']);
    for (const text of ['Names SHOULD be fast.', 'Names MAY be slow.'])
      expect(codes(item(`[DML-OBJ-0001] {measured} ${text}`)), text).toEqual([]);
  });

  it('do not count in code [DML-TRC-0108]', () => {
    const text = item('[DML-OBJ-0001] The word `MUST` MAY stand in code.\n\n  ```\n  SHOULD\n  ```');
    expect(parse(text)).toMatchObject({ requirements: [{ level: 'MAY', text: expect.any(String) }] });
    expect(codes(text)).toEqual(['keyword_without_id']);
  });

  it('do not count in the reason of an exception', () => {
    const text = item('[DML-OBJ-0001] {exception: it MUST wait; until 2027-01-01} Names SHOULD be sorted.');
    expect(parse(text)).toMatchObject({ requirements: [{ level: 'SHOULD' }], findings: [] });
  });

  it('are noted outside of a requirement, but for the sentence about RFC 2119 [DML-TRC-0111]', () => {
    const rest =
      '\nNames MUST be short.\n\n- Values SHOULD\n  be short.\n\nMUST and MAY are used as in RFC 2119.\n';
    expect(parse(item('[DML-OBJ-0001] Names MUST be sorted.') + rest).findings).toEqual([
      { code: 'keyword_without_id', file: 'specs/10-object-model.md', detail: 'MUST in line 5' },
      { code: 'keyword_without_id', file: 'specs/10-object-model.md', detail: 'SHOULD in line 7' },
    ]);
  });
});

describe('what reads like a rule and is none', () => {
  const notes = (rest: string): string[] =>
    parse(`${item('[DML-OBJ-0001] Names MUST be sorted.')}\n${rest}\n`).findings.map(
      ({ code, detail }) => `${code} ${detail}`,
    );

  it.each([
    ['a heading', '## Names MUST be short'],
    ['HTML', '<!-- Names MUST be short. -->'],
    ['a fenced block', '```text\nNames MUST be short.\n```'],
    ['an indented block', '# B\n    Names MUST be short.'],
  ])('is noted in %s [DML-TRC-0919]', (_, rest) => {
    expect(notes(rest)).toEqual([expect.stringMatching(/^keyword_without_id MUST in line [56]$/)]);
  });

  it('is noted in small letters, inside requirements too, and not in code spans [DML-TRC-0920]', () => {
    expect(notes('Names must be short.\n\nThey shall not, `must`, mustard.')).toEqual([
      'keyword_without_id must in line 5',
      'keyword_without_id shall in line 7',
    ]);
    expect(notes('- [DML-OBJ-0002] Names MUST be short and must be sorted.')).toEqual([
      'keyword_without_id must in line 5',
    ]);
  });
});

describe('documents', () => {
  it('are red without a requirement, the overview apart [DML-TRC-0109]', () => {
    expect(codes('# A\n\nText.\n')).toEqual(['document_empty']);
    expect(codes('', 'specs/20-store.md')).toEqual(['document_empty']);
    expect(codes('# A\n\nText.\n', 'specs/00-overview.md')).toEqual([]);
  });

  it('have lines of at most 100 columns, counted in characters [DML-TRC-0110]', () => {
    const head = item('[DML-OBJ-0001] Names MUST be sorted.');
    expect(codes(`${head}\n${'x'.repeat(100)}\n`)).toEqual([]);
    expect(codes(`${head}\n${'😀'.repeat(100)}\r\n`)).toEqual([]);
    expect(parse(`${head}\n${'x'.repeat(101)}\n`).findings).toEqual([
      { code: 'line_too_long', file: 'specs/10-object-model.md', detail: 'line 5: 101 columns' },
    ]);
  });

  it('give each requirement the heading above it as section [DML-TRC-0113]', () => {
    const requirement = (n: number): string => `- [DML-OBJ-000${n}] Names MUST be sorted.\n\n`;
    const { requirements } = parse(
      `${requirement(1)}# The \`Map\`: names & values!\n\n${requirement(2)}## Names\n\n${requirement(3)}## Names\n\n${requirement(4)}`,
    );
    expect(requirements.map(({ section }) => section)).toEqual([
      '',
      'the-map-names--values',
      'names',
      'names-1',
    ]);
  });
});
