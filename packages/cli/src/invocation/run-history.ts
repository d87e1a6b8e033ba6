import { type CommitId, nfcText } from '@daggerml/object-model';
import {
  currentCommit,
  dagRun,
  dagsOf,
  findDagOfCommit,
  parseRowFilter,
  type RecordReader,
  type RowFilter,
} from '@daggerml/repository';
import { cliError } from '../wording/cli-error.ts';
import type { CommandContext } from './command.ts';

/** A dag of a commit, whose runs are looked for in the history before it. */
export interface FollowedDag {
  readonly from: CommitId;
  readonly dagName: string;
}

/**
 * Returns the dag that a name stands for: one of the current branch, also where a ref hides it, or one of another commit;
 * without a name the only dag of the current branch.
 */
export function followedDag(reader: RecordReader, given: string | undefined, command: string): FollowedDag {
  const current = currentCommit(reader);
  const name = given && nfcText(given);
  if (name === undefined) {
    const dags = current === undefined ? [] : dagsOf(reader, current.commit);
    const [only] = dags;
    // @spec DML-CLI-1800
    if (current !== undefined && only !== undefined && dags.length === 1)
      return { from: current.commitId, dagName: only.name };
    const problem = `which dag is meant must be said: the current branch has ${dags.map((dag) => dag.name).join(', ') || 'none'}`;
    throw cliError('invalid_argument', { problem, command });
  }
  if (current !== undefined && dagRun(reader, current.commitId, name) !== undefined)
    return { from: current.commitId, dagName: name };
  const { commitId, dag } = findDagOfCommit(reader, name);
  return { from: commitId, dagName: dag };
}

/** Returns the conditions of `--filter`. */
export function filtersOf({ options }: Pick<CommandContext, 'options'>, command: string): RowFilter[] {
  return ((options.filter ?? []) as readonly string[]).map((text) => {
    const filter = parseRowFilter(nfcText(text));
    if (filter !== undefined) return filter;
    const problem = `--filter takes <name><operator><value>, such as "metrics.rmse<0.5", not "${text}"`;
    throw cliError('invalid_argument', { problem, command });
  });
}
