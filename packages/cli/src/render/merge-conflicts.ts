import type { HeadConflict, UnmergedHead } from '@daggerml/repository';
import type { Output } from './output.ts';

/** Conflicts that are listed for people; --json has them all. */
const MAX_LISTED = 20;

const conflictsOfErrors = new WeakMap<object, readonly HeadConflict[]>();

/** Notes which conflicts an error is about; returns the error. */
export function withConflicts(error: Error, conflicts: readonly HeadConflict[]): Error {
  conflictsOfErrors.set(error, conflicts);
  return error;
}

/** Lists the conflicts that an error is about; undefined where it is about none. */
export function conflictsOf(error: unknown): readonly HeadConflict[] | undefined {
  return typeof error === 'object' && error !== null ? conflictsOfErrors.get(error) : undefined;
}

/** Returns a line for each conflict: what it is about and what each side has. */
export function conflictLines(
  { head, conflicts }: Pick<UnmergedHead, 'head' | 'conflicts'>,
  source: string,
  output: Output,
): string[] {
  const sides = (ours: string | null, theirs: string | null): string =>
    `${output.safe(head)} has ${ours?.slice(0, 12) ?? 'none'}, ${output.safe(source)} has ${theirs?.slice(0, 12) ?? 'none'}`;
  const lines = conflicts
    .slice(0, MAX_LISTED)
    .map((conflict) =>
      conflict.kind === 'dag'
        ? `conflict: dag ${output.safe(conflict.dag)}: ${sides(conflict.oursDagId, conflict.theirsDagId)}`
        : `conflict: outcome of ${output.safe(conflict.call)} in ${conflict.dags.map(output.safe).join(', ')}: ` +
          sides(conflict.oursExecId, conflict.theirsExecId),
    );
  const more = conflicts.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more; --json lists all`] : lines;
}
