import type { Phase } from './op-definition.ts';
import type { TargetReport } from './op-report.ts';
import type { PhaseOutcome } from './target-run.ts';

interface PhaseFacts {
  readonly target: string;
  readonly op: string;
  readonly phase: Phase;
  readonly attempt: number;
}

/** Something that happened in a run of ops. */
export type OpEvent =
  | ({ readonly type: 'phase-started' } & PhaseFacts)
  | ({ readonly type: 'phase-output'; readonly text: string } & PhaseFacts)
  | ({ readonly type: 'phase-finished'; readonly outcome: PhaseOutcome } & PhaseFacts)
  | ({ readonly type: 'target-finished'; readonly target: string } & TargetReport);
