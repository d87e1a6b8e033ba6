import { describe, expect, it } from 'vitest';
import { check, generate, review } from '../src/command-check.ts';
import { FINDING_CODES } from '../src/finding.ts';
import { FIXTURES } from './fixtures.ts';
import { TODAY, VERIFIED } from './memory-suite.ts';
import { temporaryRepository } from './temporary-repository.ts';

const fixtures = Object.keys(FIXTURES);
/** The codes that leave the suite green. */
const notes = ['keyword_without_id', 'optional_unverified'];
const codeOf = (fixture: string): string => fixture.split('--', 1)[0] ?? '';

function codesOf(answer: { json: unknown }): string[] {
  return (answer.json as { findings: { code: string }[] }).findings.map(({ code }) => code);
}

describe('fixtures', () => {
  it('exist for every finding code and for nothing else [DML-TRC-1001]', () => {
    expect([...new Set(fixtures.map(codeOf))].sort()).toEqual(Object.keys(FINDING_CODES).sort());
  });

  const checkedAsTheyAre = ['file_outdated'];
  it.each(fixtures.filter((name) => !checkedAsTheyAre.includes(name)))(
    '%s yields its finding and no other [DML-TRC-1001]',
    (fixture) => {
      const root = temporaryRepository(FIXTURES[fixture]);
      if (codeOf(fixture) === 'text_suspect') generate(root, TODAY);
      else review(root, TODAY, 'all');
      const answer = check(root, TODAY);
      expect(codesOf(answer)).toEqual([codeOf(fixture)]);
      expect(answer.exitCode).toBe(notes.includes(codeOf(fixture)) ? 0 : 1);
    },
  );

  it('file_outdated is red for each file that generate would change [DML-TRC-0606]', () => {
    const root = temporaryRepository(FIXTURES.file_outdated);
    expect(check(root, TODAY)).toMatchObject({
      exitCode: 1,
      json: {
        findings: [
          { code: 'file_outdated', file: 'COMPLIANCE.md', detail: 'differs' },
          { code: 'file_outdated', file: 'requirements/object-model.yaml', detail: 'is not there' },
        ],
      },
    });
    review(root, TODAY, 'all');
    expect(check(root, TODAY)).toMatchObject({ exitCode: 0, json: { findings: [] } });
  });

  it('a suite in order has no finding once it is generated', () => {
    const root = temporaryRepository(VERIFIED);
    expect(review(root, TODAY, 'all').exitCode).toBe(0);
    expect(generate(root, TODAY)).toMatchObject({ exitCode: 0, json: { written: [], findings: [] } });
    expect(check(root, TODAY)).toMatchObject({ exitCode: 0, json: { findings: [] } });
  });
});
