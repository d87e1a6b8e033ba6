import { nfcText } from '@daggerml/object-model';
import {
  cellData,
  cellText,
  cellValue,
  type RecordReader,
  type RunRow,
  type RunTable,
  runTable,
} from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { withStore } from '../invocation/repository-access.ts';
import { filtersOf, followedDag } from '../invocation/run-history.ts';
import { formatColumns } from '../render/columns.ts';
import { csvLine } from '../render/csv.ts';
import { cutToWidth } from '../render/display-width.ts';
import type { Output } from '../render/output.ts';
import { formatTime, isoTime } from '../render/quantities.ts';
import { cliError } from '../wording/cli-error.ts';

/** Columns of a field of a table for people. */
const MAX_FIELD_COLUMNS = 40;

/** Runs `dml table [dag]`. */
export async function run(context: CommandContext): Promise<void> {
  const { args, options, output } = context;
  if (options.csv === true && output.isJson)
    throw cliError('invalid_argument', {
      problem: '"--csv" and "--json" exclude each other',
      command: 'table',
    });
  const limit = positiveInteger(context, 'count', 'table');
  const filters = filtersOf(context, 'table');
  // @spec DML-CLI-1802
  const columns = typeof options.columns === 'string' ? namesOf(options.columns) : undefined;
  await withStore(context, 'read', async (reader) => {
    const followed = followedDag(reader, args[0], 'table');
    // @spec DML-CLI-1803
    const sort = typeof options.sort === 'string' ? nfcText(options.sort) : undefined;
    const reverse = options.reverse === true;
    const table = runTable(reader, followed, { columns, filters, sort, reverse, limit });
    if (options.csv === true) {
      // @spec DML-CLI-1804
      for (const line of csvLines(reader, table)) await output.text(line);
    } else output.result(documentOf(reader, followed.dagName, table), () => textOf(output, table));
    if (table.rows.length === 0) output.note('no run meets the filter');
  });
}

function namesOf(text: string): string[] {
  const names = text.split(',').map((name) => nfcText(name.trim()));
  if (!names.includes('')) return names;
  const problem = '--columns takes names that commas separate, such as "params.lambda,metrics.rmse"';
  throw cliError('invalid_argument', { problem, command: 'table' });
}

/** @spec DML-CLI-1801 */
function textOf(output: Output, { columns, rows }: RunTable): string {
  const head = ['commit', 'time', ...columns.map(output.safe)].map((name) => output.style('bold', name));
  return formatColumns([
    head,
    ...rows.map((row) => [
      output.shortId(row.commitId),
      formatTime(row.timeMs),
      ...columns.map((column) => fieldOf(row, column, output)),
    ]),
  ]);
}

function fieldOf({ cells }: RunRow, column: string, output: Output): string {
  const cell = cells.get(column);
  if (cell === undefined) return '';
  const text = output.safe(cellText(cell));
  const cut = cutToWidth(text, MAX_FIELD_COLUMNS);
  return cut === text ? text : `${cut}…`;
}

function* csvLines(reader: RecordReader, { columns, rows }: RunTable): Generator<string> {
  yield csvLine(['commit', 'time', 'author', 'message', ...columns]);
  for (const { commitId, timeMs, author, message, cells } of rows) {
    const fields = columns.map((column) => {
      const cell = cells.get(column);
      return cell === undefined ? '' : cellData(cell, reader);
    });
    yield csvLine([commitId, isoTime(timeMs), author, message, ...fields]);
  }
}

/** @spec DML-CLI-1805 */
function documentOf(reader: RecordReader, dagName: string, { columns, rows }: RunTable): unknown {
  return {
    dag: dagName,
    columns,
    runs: rows.map(({ commitId, dagId, timeMs, author, message, cells }) => ({
      commitId,
      dagId,
      authoredMs: timeMs,
      author,
      message,
      values: Object.fromEntries(
        columns.flatMap((column) => {
          const cell = cells.get(column);
          return cell === undefined ? [] : [[column, cellValue(cell, reader)] as const];
        }),
      ),
    })),
  };
}
