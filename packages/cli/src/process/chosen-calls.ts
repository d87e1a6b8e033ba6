import type { CallRoots } from '@daggerml/execution';
import type { CommitId, DagId, ExecId } from '@daggerml/object-model';
import {
  branchOf,
  currentCommit,
  dagNodes,
  findObject,
  type RecordReader,
  repositoryError,
  scopeOf,
} from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';

/** Returns the names that a command line of a remote has after that of the remote. */
export function namesGiven({ args }: Pick<CommandContext, 'args'>): string[] {
  return args.slice(1).filter((name) => name !== undefined);
}

/**
 * Returns the calls that names choose: those of the dags of commits, or of dags alone. Throws `unknown_name`, and
 * `wrong_class` for any other object.
 */
export function callsNamed(reader: RecordReader, names: readonly string[]): CallRoots {
  const commitIds: CommitId[] = [];
  const execIds = new Set<ExecId>();
  for (const name of names) {
    const found = findObject(reader, name);
    if (found.class === 'commit') commitIds.push(found.objectId as CommitId);
    else if (found.class === 'dag') {
      const scope = scopeOf(reader, found);
      for (const nodeId of dagNodes(found.objectId as DagId, reader)) {
        const execId = scope.getPin(nodeId);
        if (execId !== undefined) execIds.add(execId);
      }
    } else throw repositoryError('wrong_class', { name, found: found.class, wanted: 'dag' });
  }
  return { commitIds, execIds };
}

/** Returns the calls of the dags of the current branch; throws `no_commit` before its first commit. */
export function callsOfBranch(reader: RecordReader): CallRoots {
  const current = currentCommit(reader);
  if (current === undefined) throw repositoryError('no_commit', { branch: branchOf(reader.store.head()) });
  return { commitIds: [current.commitId] };
}

/** Returns the calls that any ref reaches, work in progress and older commits included. */
export function allCalls({ store }: RecordReader): CallRoots {
  return { commitIds: store.readRefs().map(({ commitId }) => commitId), withHistory: true };
}
