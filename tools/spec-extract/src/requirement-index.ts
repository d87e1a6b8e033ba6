import type { Level } from './keyword.ts';
import type { TestOutcome } from './test-result.ts';

/** State of a requirement. */
export type RequirementState =
  | 'verified'
  | 'implied'
  | 'measured'
  | 'planned'
  | 'exception'
  | 'suspect'
  | 'open'
  | 'retired';

/** The states in the order in which tables show them. */
export const STATES: readonly RequirementState[] = [
  'verified',
  'implied',
  'measured',
  'planned',
  'exception',
  'suspect',
  'open',
  'retired',
];

/** One requirement as its index file keeps it; text, owners and tests are found and not stored. */
export interface IndexRow {
  readonly id: string;
  readonly level: Level;
  readonly state: RequirementState;
  /** Fingerprint of the text; empty when the id left the specifications. */
  readonly fingerprint: string;
  /** Fingerprint of the text that was reviewed last; absent when none was. */
  readonly reviewed?: string;
  /** For a planned requirement: when it is to be built, where the mark says so. */
  readonly milestone?: string;
}

/** The index of one package, rows ordered by id. */
export interface PackageIndex {
  readonly packageName: string;
  readonly rows: readonly IndexRow[];
}

/** One citing test. */
export interface CitingTest {
  readonly file: string;
  /** Suite titles and leaf title without ids. */
  readonly title: string;
  readonly state: TestOutcome;
  /** True when its title cites another requirement too. */
  readonly isShared?: boolean;
}

/** One requirement with everything that specifications, code and results say about it. */
export interface RequirementRecord extends IndexRow {
  readonly packageName: string;
  readonly document: string;
  /** Slug of the heading above the requirement; empty before the first heading. */
  readonly section: string;
  /** For an exception: why, and the last day it is good for. */
  readonly exception?: { readonly reason: string; readonly until: string };
  /** Owners in text form, sorted; more than one is an error. */
  readonly owners: readonly string[];
  readonly tests: readonly CitingTest[];
}

/** Returns the path of the index file of a package. */
export function indexPath(packageName: string): string {
  return `requirements/${packageName}.yaml`;
}
