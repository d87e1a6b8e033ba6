import { formatSize } from '@daggerml/object-model';
import {
  type CallTime,
  callText,
  currentCommit,
  type DagSize,
  type DagStats,
  dagSizes,
  type FunctionStats,
  findOwnDag,
  resourcesOfExec,
  runStats,
} from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { formatColumns } from '../render/columns.ts';
import { formatCount, formatDuration } from '../render/quantities.ts';
import { resourcesJson, resourcesText } from '../render/resources-text.ts';

/** Functions that are listed; the rest is counted. */
const MAX_FUNCTIONS = 10;

/** A call that ran, as it is shown. */
type ShownCall = CallTime & ReturnType<typeof resourcesJson> & { readonly call: string };

/** Runs `dml stats [dag]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args } = context;
  await withStore(context, 'read', (reader) => {
    const dag = args[0] === undefined ? undefined : findOwnDag(reader, args[0]).name;
    const current = currentCommit(reader);
    if (current === undefined) {
      output.result({ commits: 0, dags: [], slowestCalls: [], functions: [], sizes: [] }, () => '');
      return output.note('no commit yet; "dml run <file>" makes the first one');
    }
    const { commits, dags, slowestCalls, functions } = runStats(reader, current.commitId, {
      dag,
      onCommits: (count) => {
        if (count % 100 === 0) output.live([`  ${count} commits looked at`]);
      },
    });
    output.live(['  measuring the dags …']);
    const sizes = dagSizes(reader, current.commitId).filter((size) => dag === undefined || size.dag === dag);
    output.live();
    const calls = slowestCalls.map((call) => ({
      ...call,
      call: callText(reader, call.nodeId, { nameOf: () => undefined }).text,
      ...resourcesJson(resourcesOfExec(reader, call.execId)),
    }));
    // @spec DML-CLI-1871
    const named = functions.map(({ function: functionName, ...sums }) => ({ functionName, ...sums }));
    output.result({ commits, dags, slowestCalls: calls, functions: named, sizes }, () =>
      [
        `${formatCount(commits, 'commit')} of the current branch`,
        ...section('dags', dags.map(dagRow)),
        ...section('slowest calls', calls.map(callRow)),
        ...section('functions, by the time of all their calls', functionRows(functions)),
        ...section('bytes now', sizes.map(sizeRow)),
      ].join('\n'),
    );
  });

  // @spec DML-CLI-1870
  function dagRow({ dag, runs, executed, failed, executedMs, answered, savedMs }: DagStats): string[] {
    return [
      `  ${output.style('bold', output.safe(dag))}`,
      formatCount(runs, 'run'),
      `${executed} executed in ${formatDuration(executedMs)}`,
      failed === 0 ? '' : `${failed} failed`,
      `${answered} known before${answered === 0 ? '' : `, which saved ${formatDuration(savedMs)}`}`,
    ];
  }

  function callRow({ call, nodeId, durationMs, cpuMs, peakMemoryBytes }: ShownCall): string[] {
    const used = resourcesText({
      cpuMs: cpuMs ?? undefined,
      peakMemoryBytes: peakMemoryBytes ?? undefined,
    });
    return [`  ${formatDuration(durationMs)}`, output.shortId(nodeId), output.safe(call), used];
  }

  function functionRows(functions: readonly FunctionStats[]): string[][] {
    const rows = functions
      .slice(0, MAX_FUNCTIONS)
      .map(({ function: name, calls, failed, totalMs, longestMs }) => [
        `  ${output.safe(name)}`,
        formatCount(calls, 'call'),
        failed === 0 ? '' : `${failed} failed`,
        `${formatDuration(totalMs)}, one ${formatDuration(longestMs)} at most`,
      ]);
    const more = functions.length - rows.length;
    return more > 0 ? [...rows, [`  and ${more} more; --json lists all`]] : rows;
  }

  function sizeRow({ dag, ownBytes, sharedBytes }: DagSize): string[] {
    return [
      `  ${output.safe(dag)}`,
      `${formatSize(ownBytes)} of its own`,
      `${formatSize(sharedBytes)} with other dags`,
    ];
  }
}

function section(title: string, rows: readonly string[][]): string[] {
  return rows.length === 0 ? [] : ['', title, formatColumns(rows)];
}
