import type { FetchFilter } from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { byteSize, positiveInteger } from '../invocation/option-value.ts';
import { cliError } from '../wording/cli-error.ts';

/** Returns what the options of a clone or fetch leave out; undefined members say nothing. */
export function fetchLimits(context: Pick<CommandContext, 'options'>, command: string): FetchFilter {
  const { options } = context;
  const limit = options.blobLimit as string | undefined;
  return {
    depth: positiveInteger(context, 'depth', command),
    blobLimitBytes:
      limit === undefined
        ? filteredBytes(options.filter as string | undefined, command)
        : byteSize(limit, 'blob-limit', command),
  };
}

/** Returns the limit of a filter as git writes it; others are refused. */
function filteredBytes(filter: string | undefined, command: string): number | undefined {
  if (filter === undefined) return undefined;
  // @spec DML-CLI-1271
  if (filter === 'blob:none') return 0;
  const [, size] = /^blob:limit=(.*)$/.exec(filter) ?? [];
  if (size !== undefined) return byteSize(size, 'filter blob:limit', command);
  const problem = `--filter takes blob:limit=<size> or blob:none, not "${filter}"`;
  throw cliError('invalid_argument', { problem, command });
}
