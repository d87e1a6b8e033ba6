import { isDmlError, nfcText } from '@daggerml/object-model';
import {
  cellNumber,
  METRIC_PREFIX,
  type RecordReader,
  type RunRow,
  runTable,
  shortId,
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
    const name = columnNamed(reader, followed, nfcText(metric));
    const columns = x === undefined ? [name] : [name, x];
    const { rows } = runTable(reader, followed, { columns, filters, limit });
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

/** Returns the name of a column: of a metric, also without its beginning, or else of any other. */
function columnNamed(reader: RecordReader, followed: FollowedDag, name: string): string {
  const metric = `${METRIC_PREFIX}${name}`;
  try {
    runTable(reader, followed, { columns: [metric] });
    return metric;
  } catch (error) {
    if (isDmlError(error) && error.code === 'unknown_name') return name;
    throw error;
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
