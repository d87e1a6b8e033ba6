import type { Finding, FindingCode } from './finding.ts';
import type { IndexRow } from './index-file.ts';
import { isBinding } from './keyword.ts';
import { formatOwner, type Owner } from './owner.ts';
import type { TestResult } from './results.ts';
import type { Requirement } from './spec-document.ts';

/** State of a requirement. */
export type RequirementState = (typeof STATES)[number];

/** The states in the order in which tables show them. */
export const STATES = ['verified', 'implied', 'measured', 'planned', 'suspect', 'open', 'retired'] as const;

/** One requirement with everything that specifications, code and results say about it. */
export interface RequirementRecord extends Requirement {
  readonly state: RequirementState;
  /** Fingerprint of the text that was reviewed last; absent when none was. */
  readonly reviewed?: string | undefined;
  /** Owners in text form; more than one is an error. */
  readonly owners: readonly string[];
  readonly tests: readonly TestResult[];
}

/** Facts of a requirement that neither code nor specification say. */
export interface Known {
  readonly previous: IndexRow | undefined;
  /** True when its text is being reviewed now. */
  readonly isReviewed: boolean;
  readonly owners: readonly Owner[];
  readonly tests: readonly TestResult[];
}

/** Returns the record of a requirement from what code, tests and the last index say about it. */
export function recordRequirement(requirement: Requirement, known: Known): RequirementRecord {
  const { previous, isReviewed, tests } = known;
  const owners = known.owners.map(formatOwner);
  // @spec DML-TRC-0914
  const reviewed = isReviewed ? requirement.fingerprint : previous?.reviewed;
  const record = { ...requirement, state: 'retired' as const, reviewed, owners, tests };
  // Once retired, for ever: writing the index must not launder the reuse of an id.
  return previous?.state === 'retired' ? record : { ...record, state: stateOf(record) };
}

/**
 * Returns the state of a requirement: the first row of the table that applies.
 *
 * @spec DML-TRC-0501
 */
function stateOf({
  marks: { kind },
  fingerprint,
  reviewed,
  owners,
  tests,
}: RequirementRecord): RequirementState {
  if (kind === 'retired' || kind === 'planned') return kind;
  // @spec DML-TRC-0503
  if (fingerprint !== reviewed) return 'suspect';
  // @spec DML-TRC-0990
  if (kind === 'measured') return kind;
  if (owners.length !== 1) return 'open';
  // @spec DML-TRC-0505
  if (kind === 'implied') return 'implied';
  return isProven(tests) ? 'verified' : 'open';
}

/** Checks whether citing tests prove a requirement: one passed and none failed, in whatever result file. */
function isProven(tests: readonly TestResult[]): boolean {
  // @spec DML-TRC-0403 DML-TRC-0404
  if (tests.some(({ outcome }) => outcome === 'failed')) return false;
  // @spec DML-TRC-0402
  return tests.some(({ outcome }) => outcome === 'passed');
}

/** Returns why citing tests prove nothing: the worst of them. */
export function whyUnproven(tests: readonly TestResult[]): string {
  const worst = tests.find(({ outcome }) => outcome === 'failed') ?? tests[0];
  return worst === undefined ? 'no citing test' : `${worst.outcome}: ${worst.file} > ${worst.name}`;
}

/** Returns the record of an id that left the specifications: listed on, with a text that is gone. */
export function keepVanished(row: IndexRow): RequirementRecord {
  const state = row.state === 'retired' ? row.state : 'suspect';
  const marks = { norm: false, kind: 'in_force' } as const;
  return { ...row, state, section: '', text: '', fingerprint: '', marks, owners: [], tests: [] };
}

/** Judges one requirement by its record; without known results nothing is said about tests. */
export function requirementFindings(
  record: RequirementRecord,
  previous: IndexRow | undefined,
  areResultsKnown: boolean,
): Finding[] {
  const { id, document, marks, level, state, reviewed, owners, tests } = record;
  const findings: Finding[] = [];
  const report = (code: FindingCode, detail: string): void => {
    findings.push({ code, id, file: document, detail });
  };
  // @spec DML-TRC-0105
  if (previous?.state === 'retired' && marks.kind !== 'retired') report('id_reused', 'retired before');
  if (state === 'suspect')
    report('text_suspect', reviewed === undefined ? 'never reviewed' : `reviewed as ${reviewed}`);
  if (!isBinding(level) || (marks.kind !== 'in_force' && marks.kind !== 'implied')) return findings;
  // @spec DML-TRC-0303
  if (owners.length === 0) report('owner_missing', 'no owner');
  // @spec DML-TRC-0410
  if (marks.kind === 'in_force' && areResultsKnown && !isProven(tests))
    report('test_missing', whyUnproven(tests));
  return findings;
}
