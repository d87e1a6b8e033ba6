import type { CommitId } from '@daggerml/object-model';
import { type RecordReader, shortId, type Usage, type UsageRole } from '@daggerml/repository';
import type { Output } from './output.ts';
import { formatAge, formatCount } from './quantities.ts';

/** Calls that made or used a value. */
export interface FoundUsages {
  readonly name: string;
  /** The hash of a file. */
  readonly sha256: string | undefined;
  readonly calls: readonly (Usage & { readonly call: string })[];
  readonly hasMore: boolean;
}

const ROLES: Readonly<Record<Exclude<UsageRole, 'used'>, string>> = {
  made: 'made by',
  code: 'code of',
  source: 'source of',
};

/**
 * Returns the lines about the calls that made or used a value, by commit.
 *
 * @spec DML-CLI-1722
 */
export function usageLines(
  reader: RecordReader,
  { name, sha256, calls, hasMore }: FoundUsages,
  { output, nowMs }: { readonly output: Output; readonly nowMs: number },
): string {
  const title = sha256 === undefined ? name : `${name} (sha256 ${shortId(sha256)})`;
  if (calls.length === 0) return `no call here made or used ${output.safe(title)}`;
  const lines = [
    output.style(
      'bold',
      output.safe(
        `${formatCount(calls.length, 'call')} made or used ${title}${hasMore ? '; -n lists more' : ''}`,
      ),
    ),
  ];
  let commitId: CommitId | undefined;
  for (const usage of calls) {
    if (usage.commitId !== commitId) {
      commitId = usage.commitId;
      const { message, committedMs } = reader.read('commit', commitId);
      const [first = ''] = message.split('\n', 1);
      lines.push(`${output.shortId(commitId)}  ${output.safe(first)}  (${formatAge(committedMs, nowMs)})`);
    }
    lines.push(`  ${output.shortId(usage.nodeId)}  ${output.safe(usageText(usage))}`);
  }
  return lines.join('\n');
}

function usageText({ roles, inputs, call, dagName }: FoundUsages['calls'][number]): string {
  const parts = roles.map((role) =>
    role === 'used' ? `input ${inputs.map((index) => index + 1).join(', ')} of` : ROLES[role],
  );
  return `${parts.join(', ')} ${call}${dagName === undefined ? '' : ` in ${dagName}`}`;
}
