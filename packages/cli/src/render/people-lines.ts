import type { CommitRecord } from '@daggerml/object-model';
import { formatTime } from './quantities.ts';

/** Author and committer of a commit, with times. */
export type CommitPeople = Pick<CommitRecord, 'author' | 'authoredMs' | 'committer' | 'committedMs'>;

/** Returns the lines that say who made a commit; the committer only where the commit was made again. */
export function peopleLines({ author, authoredMs, committer, committedMs }: CommitPeople): string[] {
  const lines = [`author ${author}`, `time   ${formatTime(authoredMs)}`];
  // @spec DML-CLI-0837
  if (committer === author && committedMs === authoredMs) return lines;
  return [...lines, `committed by ${committer}, ${formatTime(committedMs)}`];
}
