import type { Finding } from './finding.ts';
import { isBinding } from './keyword.ts';
import { formatOwner, type Owner } from './owner.ts';
import { type CitingTest, type IndexRow, indexPath, type RequirementRecord } from './requirement-index.ts';
import type { Requirement } from './spec-document.ts';
import { deriveState, isProven, whyUnproven } from './state.ts';
import type { FindingCode } from './wording.ts';

/** Returns the record of a requirement from what code, tests and the last index say about it. */
export function recordRequirement(input: {
  readonly requirement: Requirement;
  readonly previous: IndexRow | undefined;
  /** True when its text is being reviewed now. */
  readonly isReviewed: boolean;
  readonly owners: readonly Owner[];
  readonly tests: readonly CitingTest[];
}): RequirementRecord {
  const { requirement, previous, isReviewed, tests } = input;
  const { id, level, packageName, document, section, fingerprint } = requirement;
  const { disposition } = requirement.marks;
  const owners = input.owners.map(formatOwner).sort();
  // @spec DML-TRC-0914
  const reviewed = isReviewed ? fingerprint : previous?.reviewed;
  const retiredBefore = previous?.state === 'retired';
  const derived = deriveState({
    disposition: disposition.kind,
    fingerprint,
    reviewed,
    ownerCount: owners.length,
    tests,
  });
  return {
    id,
    level,
    // Once retired, for ever: writing the index must not launder the reuse of an id.
    state: retiredBefore ? 'retired' : derived,
    fingerprint,
    ...(reviewed !== undefined && { reviewed }),
    ...(disposition.kind === 'planned' && disposition.milestone && { milestone: disposition.milestone }),
    packageName,
    document,
    section,
    ...(disposition.kind === 'exception' && {
      exception: { reason: disposition.reason, until: disposition.until },
    }),
    owners,
    tests,
  };
}

/** Returns the record of an id that left the specifications: listed on, with a text that is gone. */
export function keepVanished(packageName: string, previous: IndexRow): RequirementRecord {
  const state = previous.state === 'retired' ? 'retired' : 'suspect';
  const place = { packageName, document: indexPath(packageName), section: '' };
  return { ...previous, ...place, fingerprint: '', state, owners: [], tests: [] };
}

/** Judges one requirement by its record. */
export function requirementFindings(input: {
  readonly record: RequirementRecord;
  readonly requirement: Requirement;
  readonly previous: IndexRow | undefined;
  readonly today: string;
  /** False while no result file exists: then nothing is said about tests. */
  readonly resultsKnown: boolean;
}): Finding[] {
  const { record, requirement, previous, today, resultsKnown } = input;
  const { id, document, marks } = requirement;
  const findings: Finding[] = [];
  const report = (code: FindingCode, detail: string): void => {
    findings.push({ code, id, file: document, detail });
  };
  const { disposition } = marks;
  // @spec DML-TRC-0105
  if (previous?.state === 'retired' && disposition.kind !== 'retired') report('id_reused', 'retired before');
  // @spec DML-TRC-0203
  if (disposition.kind === 'exception' && today > disposition.until)
    report('exception_expired', disposition.until);
  if (record.state === 'suspect')
    report(
      'text_suspect',
      record.reviewed === undefined ? 'never reviewed' : `reviewed as ${record.reviewed}`,
    );
  if (disposition.kind !== 'in_force' && disposition.kind !== 'implied') return findings;

  const ownerMissing = record.owners.length === 0;
  const unproven = disposition.kind === 'in_force' && resultsKnown && !isProven(record.tests);
  if (isBinding(record.level)) {
    // @spec DML-TRC-0303
    if (ownerMissing) report('owner_missing', 'no owner');
    // @spec DML-TRC-0410
    if (unproven) report('test_missing', whyUnproven(record.tests));
  } else {
    const lacks = [ownerMissing ? 'no owner' : '', unproven ? whyUnproven(record.tests) : ''].filter(Boolean);
    // @spec DML-TRC-0415
    if (lacks.length > 0) report('optional_unverified', lacks.join(', '));
  }
  return findings;
}
