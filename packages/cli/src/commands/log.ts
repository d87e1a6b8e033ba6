import { type CommitId, type CommitRecord, isDmlError } from '@daggerml/object-model';
import { findCommit, type RecordReader, readUnlessGone, shortId, walkHistory } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { withStore } from '../invocation/repository-access.ts';
import { type CommitPeople, peopleLines } from '../render/people-lines.ts';
import { formatTime } from '../render/quantities.ts';

/** Line of the log about a commit. */
type CommitLine = { readonly commitId: CommitId } & CommitPeople &
  Pick<CommitRecord, 'parentCommitIds' | 'message'>;

/** Line of the log about an excised commit, beyond which the history is out of reach. */
interface ExcisedLine {
  readonly commitId: CommitId;
  readonly excised: Readonly<Record<'reason' | 'message' | 'actor', string>> & { readonly timeMs: number };
}

/** Line of the log about a commit that was left out, with what came before. */
interface LeftOutLine {
  readonly commitId: CommitId;
  /** URI of the remote that has it. */
  readonly leftOut: string;
}

type LogLine = CommitLine | ExcisedLine | LeftOutLine;

/** Runs `dml log [head]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options } = context;
  const count = positiveInteger(context, 'count', 'log') ?? Number.POSITIVE_INFINITY;
  await withStore(context, 'read', (reader, store) => {
    const start = args[0] === undefined ? store.getRef(store.head())?.commitId : findCommit(reader, args[0]);
    // @spec DML-CLI-3841
    const lines = options.firstParent === true ? 'first-parent' : 'all';
    const values = start === undefined ? [] : logLines(reader, start, { count, lines });
    output.result(values, () =>
      values
        .map((value) =>
          [`commit ${output.style('yellow', value.commitId)}`, ...factsOf(value).map(output.safe), ''].join(
            '\n',
          ),
        )
        .join('\n'),
    );
    if (values.length === 0) output.note('no commit yet; "dml run <file>" makes the first one');
  });
}

function factsOf(line: LogLine): string[] {
  if ('excised' in line) return excisedFacts(line);
  // @spec DML-CLI-1268
  if ('leftOut' in line)
    return [
      `left out, and with it what came before; "dml fetch --unshallow" brings it`,
      '',
      ...indent(`${line.leftOut} has it`),
    ];
  return commitFacts(line);
}

function commitFacts(line: CommitLine): string[] {
  const { parentCommitIds } = line;
  // @spec DML-CLI-2010
  const merge = parentCommitIds.length > 1 ? [`merge  ${parentCommitIds.map(shortId).join(' ')}`] : [];
  return [...merge, ...peopleLines(line), '', ...indent(line.message)];
}

function excisedFacts({ excised }: ExcisedLine): string[] {
  const { actor, timeMs, reason, message } = excised;
  return [
    `excised by ${actor}, ${formatTime(timeMs)}, and with it what came before`,
    '',
    ...indent(message === '' ? reason : `${reason}: ${message}`),
  ];
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => `    ${line}`);
}

function logLines(
  reader: RecordReader,
  start: CommitId,
  { count, lines }: { readonly count: number; readonly lines: 'all' | 'first-parent' },
): LogLine[] {
  const found: LogLine[] = [];
  // @spec DML-CLI-3840
  for (const { commitId, commit } of walkHistory((id) => readUnlessGone(reader, id), [start], lines)) {
    found.push(commit === undefined ? goneLine(reader, commitId) : commitLine(commitId, commit));
    // @spec DML-CLI-0803
    if (found.length >= count) break;
  }
  return found;
}

function commitLine(commitId: CommitId, commit: CommitRecord): CommitLine {
  const { parentCommitIds, author, authoredMs, committer, committedMs, message } = commit;
  return { commitId, parentCommitIds, author, authoredMs, committer, committedMs, message };
}

/** Returns the line about a commit that cannot be read. @spec DML-CLI-0826 */
function goneLine(reader: RecordReader, commitId: CommitId): LogLine {
  try {
    return commitLine(commitId, reader.read('commit', commitId));
  } catch (error) {
    if (isDmlError(error) && error.detail === 'left_out')
      return { commitId, leftOut: String(error.fields.domain) };
    if (!isDmlError(error) || error.detail !== 'excised') throw error;
    const { reason, message, actor, timeMs } = error.fields;
    return { commitId, excised: { reason, message, actor, timeMs } as ExcisedLine['excised'] };
  }
}
