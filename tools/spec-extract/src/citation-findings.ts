import type { Finding } from './finding.ts';
import { formatOwner, type Owner } from './owner.ts';
import type { TitleCitation } from './requirement-id.ts';
import type { Requirement } from './spec-document.ts';
import type { FindingCode } from './wording.ts';

/** The requirements of the suite by id. */
export type Requirements = ReadonlyMap<string, Requirement>;

/** Judges the owners that the code declares. */
export function ownerFindings(owners: readonly Owner[], requirements: Requirements): Finding[] {
  const findings: Finding[] = [];
  const first = new Map<string, Owner>();
  for (const owner of owners) {
    const { id, file } = owner;
    const kind = requirements.get(id)?.marks.disposition.kind;
    const detail = formatOwner(owner);
    // @spec DML-TRC-0304
    if (kind === 'planned') findings.push({ code: 'planned_owned', id, file, detail });
    // @spec DML-TRC-0305
    if (kind === 'retired') findings.push({ code: 'retired_owned', id, file, detail });
    const earlier = first.get(id);
    // @spec DML-TRC-0302
    if (earlier !== undefined)
      findings.push({
        code: 'owner_duplicate',
        id,
        file,
        detail: `${detail} beside ${formatOwner(earlier)}`,
      });
    else first.set(id, owner);
  }
  return findings;
}

/** Judges what the titles of tests cite. */
export function titleFindings(
  tests: readonly (TitleCitation & { readonly file: string; readonly groupIds: readonly string[] })[],
  requirements: Requirements,
): Finding[] {
  return tests.flatMap(({ file, title, cited, misplaced, groupIds }) => {
    const findings: Finding[] = [];
    // @spec DML-TRC-0418
    for (const id of groupIds)
      findings.push({ code: 'test_citation_misplaced', id, file, detail: `a group around ${title}` });
    // @spec DML-TRC-0405
    if (cited.length > 2) findings.push({ code: 'test_overcited', file, detail: title });
    // @spec DML-TRC-0408
    for (const id of misplaced) findings.push({ code: 'test_citation_misplaced', id, file, detail: title });
    for (const id of [...cited, ...misplaced]) {
      const code = citationCode(requirements.get(id));
      if (code !== undefined) findings.push({ code, id, file, detail: title });
    }
    return findings;
  });
}

function citationCode(requirement: Requirement | undefined): FindingCode | undefined {
  if (requirement === undefined) return 'unknown_id';
  const { kind } = requirement.marks.disposition;
  // @spec DML-TRC-0406
  if (kind === 'planned') return 'test_cites_planned';
  // @spec DML-TRC-0407
  if (kind === 'retired') return 'test_cites_retired';
  return undefined;
}

/** Judges ids that a text mentions outside of test titles. */
export function mentionFindings(file: string, ids: readonly string[], requirements: Requirements): Finding[] {
  // @spec DML-TRC-0307
  const unknown = ids.filter((id) => !requirements.has(id));
  return unknown.map((id) => ({ code: 'unknown_id', id, file, detail: id }));
}
