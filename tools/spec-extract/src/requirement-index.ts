import type { Level } from './keyword.ts';
import type { TestOutcome } from './test-result.ts';

/** Where a requirement stands. */
export type RequirementState =
  | 'verified'
  | 'implied'
  | 'planned'
  | 'exception'
  | 'suspect'
  | 'open'
  | 'retired';

/** The states in the order in which tables show them. */
export const STATES: readonly RequirementState[] = [
  'verified',
  'implied',
  'planned',
  'exception',
  'suspect',
  'open',
  'retired',
];

/** What is known of a citing test: its outcome, or that no result mentions it. */
export type CitingTestState = TestOutcome | 'not_run';

/** One citing test as the index records it. */
export interface CitingTest {
  readonly file: string;
  /** Suite titles and leaf title without ids. */
  readonly title: string;
  readonly state: CitingTestState;
}

/** One requirement as the index records it; its text stays in the specification. */
export interface IndexedRequirement {
  readonly id: string;
  readonly level: Level;
  /** Slug of the heading above the requirement; empty before the first heading. */
  readonly section: string;
  readonly fingerprint: string;
  readonly reviewed: string;
  readonly state: RequirementState;
  /** For an exception: why, and the last day it is good for. */
  readonly exception?: { readonly reason: string; readonly until: string };
  /** For an implied requirement: what holds it. */
  readonly impliedBy?: 'types' | 'compiler';
  /** Owners in text form, sorted; more than one is an error. */
  readonly owners: readonly string[];
  readonly tests: readonly CitingTest[];
}

/** The index of one package, requirements ordered by id. */
export interface PackageIndex {
  readonly packageName: string;
  readonly document: string;
  readonly requirements: readonly IndexedRequirement[];
}

/** Yields the path of the index file of a package. */
export function indexPath(packageName: string): string {
  return `requirements/${packageName}.yaml`;
}
