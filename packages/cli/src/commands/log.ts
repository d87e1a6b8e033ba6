import type { CommitId, CommitRecord } from '@daggerml/object-model';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { findCommit } from '../object-name.ts';
import { positiveInteger } from '../option-value.ts';
import { formatTime } from '../quantities.ts';
import { RecordReader } from '../record-reader.ts';
import { withStore } from '../repository-access.ts';

/** `dml log [head]`. @spec DML-CLI-0802 */
export async function run(context: CommandContext): Promise<number> {
  const { output, args } = context;
  const count = positiveInteger(context, 'count', 'log') ?? Number.POSITIVE_INFINITY;
  await withStore(context, 'read', (store) => {
    const reader = new RecordReader(store);
    const start = args[0] === undefined ? store.getRef(store.head())?.commitId : findCommit(reader, args[0]);
    const commits = [...firstParents(reader, start, count)];
    const values = commits.map(({ commitId, commit }) => ({
      commitId,
      parentCommitIds: commit.parentCommitIds,
      author: commit.author,
      timeMs: commit.timeMs,
      message: commit.message,
    }));
    output.result(values, () =>
      values
        .map((value) =>
          [
            `commit ${output.style('yellow', value.commitId)}`,
            `author ${output.safe(value.author)}`,
            `time   ${formatTime(value.timeMs)}`,
            '',
            ...value.message.split('\n').map((line) => `    ${output.safe(line)}`),
            '',
          ].join('\n'),
        )
        .join('\n'),
    );
    if (commits.length === 0) output.talk('no commit yet; "dml run <file>" makes the first one');
  });
  return EXIT.done;
}

function* firstParents(
  reader: RecordReader,
  start: CommitId | undefined,
  count: number,
): Generator<{ readonly commitId: CommitId; readonly commit: CommitRecord }> {
  let left = count;
  // @spec DML-CLI-0803
  for (let commitId = start; commitId !== undefined && left > 0; left -= 1) {
    const commit = reader.read('commit', commitId);
    yield { commitId, commit };
    commitId = commit.parentCommitIds[0];
  }
}
