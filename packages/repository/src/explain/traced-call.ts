import type { CommitId, ExecRecord } from '@daggerml/object-model';
import type { CallPlace } from './call-place.ts';
import type { Comparison } from './call-side.ts';

/** The commit that gave a call its outcome, and the call before that it is compared with. */
export interface TracedCall {
  /** The oldest commit from which on the call has its outcome. */
  readonly madeIn: CommitId;
  /** Number of steps from the commit that was asked for back to that one. */
  readonly commitsSince: number;
  readonly comparison: Comparison;
  readonly earlier: CallPlace | undefined;
  /** The exec of the same node before, where it had another one. */
  readonly before: ExecRecord | undefined;
}
