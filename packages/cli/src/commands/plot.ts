import { isDmlError, nfcText } from '@daggerml/object-model';
import {
  cellNumber,
  METRIC_PREFIX,
  type RecordReader,
  type RunRow,
  runTable,
  shortId,
  type TableOptions,
} from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { withStore } from '../invocation/repository-access.ts';
import { type FollowedDag, filtersOf, followedDag } from '../invocation/run-history.ts';
import { type PlotPoint, plotSvg } from '../render/plot-svg.ts';
import { formatCount, formatTime } from '../render/quantities.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml plot <dag> <metric>`. */
export async function run(context: CommandContext): Promise<void> {
  const { args, options, output } = context;
  const [dag, metric = ''] = args;
  const limit = positiveInteger(context, 'count', 'plot');
  const filters = filtersOf(context, 'plot');
  const x = typeof options.x === 'string' ? nfcText(options.x) : undefined;
  await withStore(context, 'read', async (reader) => {
    const followed = followedDag(reader, dag, 'plot');
    const { name, rows } = rowsOf(reader, followed, nfcText(metric), {
      others: x === undefined ? [] : [x],
      filters,
      limit,
    });
    const points = rows.toReversed().flatMap((row, at) => pointOf(row, { name, x, run: at + 1 }));
    if (points.length === 0) {
      const problem = `no run of "${followed.dagName}" has a number as "${name}"${x === undefined ? '' : ` and as "${x}"`}`;
      throw cliError('invalid_argument', { problem, command: 'plot' });
    }
    const title = `${name} of ${followed.dagName}`;
    // @spec DML-CLI-1812
    const plot = { title, xLabel: x ?? 'run', yLabel: name, points, isLine: x === undefined };
    // @spec DML-CLI-1810
    if (output.isJson) output.result(plot, () => '');
    else await output.text(plotSvg(plot));
    // @spec DML-CLI-1811
    if (points.length < rows.length)
      output.note(`${formatCount(rows.length - points.length, 'run')} without a number left out`);
  });
}

/** Choice of the runs of a plot, and columns besides the one that is drawn. */
interface RowOptions extends Pick<TableOptions, 'filters' | 'limit'> {
  readonly others: readonly string[];
}

/** Returns the runs with a metric, whose name needs no beginning, or else with any other column. */
function rowsOf(
  reader: RecordReader,
  followed: FollowedDag,
  name: string,
  { others, ...options }: RowOptions,
): { readonly name: string; readonly rows: readonly RunRow[] } {
  const read = (column: string): { name: string; rows: readonly RunRow[] } => ({
    name: column,
    rows: runTable(reader, followed, { ...options, columns: [column, ...others] }).rows,
  });
  try {
    return read(`${METRIC_PREFIX}${name}`);
  } catch (error) {
    const isOther = isDmlError(error) && others.includes(String(error.fields.word));
    if (!isDmlError(error, 'unknown_name') || isOther) throw error;
    return read(name);
  }
}

function pointOf(
  { cells, commitId, timeMs }: RunRow,
  { name, x, run }: { readonly name: string; readonly x: string | undefined; readonly run: number },
): PlotPoint[] {
  const numberAt = (column: string): number => {
    const cell = cells.get(column);
    return (cell && cellNumber(cell)) ?? Number.NaN;
  };
  const point = { x: x === undefined ? run : numberAt(x), y: numberAt(name) };
  if (!Number.isFinite(point.x) || !Number.isFinite(point.y)) return [];
  return [{ ...point, label: `${shortId(commitId)}  ${formatTime(timeMs)}  ${name} = ${point.y}` }];
}
