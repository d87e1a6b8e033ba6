import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check, generate, review } from '../src/command-check.ts';
import type { Finding } from '../src/finding.ts';
import { idsIn } from '../src/requirement-id.ts';
import { WORDING } from '../src/wording.ts';
import { FIXTURES } from './fixtures.ts';
import { TODAY, VERIFIED } from './memory-suite.ts';
import { temporaryRepository } from './temporary-repository.ts';

const names = Object.keys(FIXTURES);
/** The codes that leave the suite green. */
const notes = ['keyword_without_id', 'optional_unverified'];
const codeOf = (fixture: string): string => /^[a-z_]+/.exec(fixture)?.[0] ?? '';

function expectOnlyItsFinding(fixture: string): void {
  const code = codeOf(fixture);
  const root = temporaryRepository(FIXTURES[fixture]);
  if (code === 'text_suspect') generate(root, TODAY);
  else if (code !== 'file_outdated') review(root, TODAY, 'all');
  const { json, exitCode } = check(root, TODAY);
  const { findings } = json as { findings: Finding[] };
  expect([...new Set(findings.map((finding) => finding.code))], fixture).toEqual([code]);
  expect(exitCode, fixture).toBe(notes.includes(code) ? 0 : 1);
}

describe('fixtures', () => {
  it('exist for every finding code and yield nothing else [DML-TRC-1001]', () => {
    expect([...new Set(names.map(codeOf))].sort()).toEqual(Object.keys(WORDING).sort());
    for (const fixture of names) expectOnlyItsFinding(fixture);
  });

  it.each(names)('yield one finding: %s', expectOnlyItsFinding);

  it('exist for every row of the error surface', () => {
    const spec = readFileSync(join(import.meta.dirname, '../../../specs/90-traceability.md'), 'utf8');
    const rows = [...spec.matchAll(/^\| `([a-z_]+)` \| ((?:DML-TRC-\d{4}(?:, )?)+) \|$/gm)];
    expect(rows.map(([, code]) => code).sort()).toEqual(Object.keys(WORDING).sort());
    const shown = new Set(names.map((name) => `${codeOf(name)} ${idsIn(name)}`));
    for (const [, code, ids = ''] of rows)
      for (const id of idsIn(ids)) expect(shown).toContain(`${code} ${id}`);
  });

  it('have a counterpart in order, which yields no finding once it is generated', () => {
    const root = temporaryRepository(VERIFIED);
    expect(review(root, TODAY, 'all').exitCode).toBe(0);
    expect(generate(root, TODAY)).toMatchObject({ exitCode: 0, json: { written: [], findings: [] } });
    expect(check(root, TODAY)).toMatchObject({ exitCode: 0, json: { findings: [] } });
  });
});
