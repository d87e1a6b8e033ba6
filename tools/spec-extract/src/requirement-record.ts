import type { Finding, FindingCode } from './finding.ts';
import { isBinding } from './keyword.ts';
import { formatOwner, type Owner } from './owner.ts';
import type { CitingTest, IndexedRequirement } from './requirement-index.ts';
import type { Requirement } from './spec-document.ts';
import { deriveState, isProven, reviewedFingerprint } from './state.ts';

/** Yields the record of a requirement from what code and tests say about it. */
export function indexRequirement(input: {
  readonly requirement: Requirement;
  readonly previous: IndexedRequirement | undefined;
  readonly owners: readonly Owner[];
  readonly tests: readonly CitingTest[];
}): IndexedRequirement {
  const { requirement, previous, tests } = input;
  const { id, level, section, fingerprint } = requirement;
  const { disposition } = requirement.marks;
  const owners = input.owners.map(formatOwner).sort();
  const reviewed = reviewedFingerprint(fingerprint, disposition.kind, previous);
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
    section,
    fingerprint,
    reviewed,
    // Once retired, for ever: writing the index must not launder the reuse of an id.
    state: retiredBefore ? 'retired' : derived,
    ...(disposition.kind === 'exception' && {
      exception: { reason: disposition.reason, until: disposition.until },
    }),
    ...(disposition.kind === 'implied' && { impliedBy: disposition.by }),
    owners,
    tests,
  };
}

/** Yields the record of an id that left the specifications: listed on, with a text that is gone. */
export function keepVanished(previous: IndexedRequirement): IndexedRequirement {
  const state = previous.state === 'retired' ? 'retired' : 'suspect';
  return { ...previous, fingerprint: '', state, owners: [], tests: [] };
}

/** Judges one requirement by its record. */
export function requirementFindings(input: {
  readonly record: IndexedRequirement;
  readonly requirement: Requirement;
  readonly previous: IndexedRequirement | undefined;
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
  if (record.state === 'suspect') report('text_suspect', `reviewed as ${record.reviewed}`);
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

function whyUnproven(tests: readonly CitingTest[]): string {
  const [worst] = ['failed', 'skipped', 'not_run'].flatMap((state) =>
    tests.filter((test) => test.state === state),
  );
  return worst === undefined ? 'no citing test' : `${worst.state}: ${worst.file} > ${worst.title}`;
}
