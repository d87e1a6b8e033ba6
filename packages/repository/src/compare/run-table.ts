import type { CommitId } from '@daggerml/object-model';
import { unknownName } from '../names/unknown-name.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { type DagRun, dagRun, recordedValues, runsOfDag, valueInRun } from './dag-runs.ts';
import { isRecorded, METRIC_PREFIX } from './recorded-names.ts';
import type { RowFilter } from './row-filter.ts';
import { cellNumber, isSameCell, type ValueCell } from './value-cell.ts';

/** Choice of rows and columns of a table. */
export interface TableOptions {
  /** Names of nodes of the dag, or paths into their values; metrics and the parameters that differ by default. */
  readonly columns?: readonly string[] | undefined;
  readonly filters?: readonly RowFilter[];
  /** Column to sort by, smallest first; else newest first. */
  readonly sort?: string | undefined;
  readonly reverse?: boolean;
  /** Rows at most, of those that are left. */
  readonly limit?: number | undefined;
}

/** One run of a dag. */
export interface RunRow extends Pick<DagRun, 'commitId' | 'dagId'> {
  readonly timeMs: number;
  readonly author: string;
  readonly message: string;
  readonly cells: ReadonlyMap<string, ValueCell>;
}

/** Runs of a dag, a row for each. */
export interface RunTable {
  readonly columns: readonly string[];
  readonly rows: readonly RunRow[];
}

/**
 * Returns the runs of a dag over the history of a commit. Memory is that of the rows; a row costs the names of one dag.
 * Throws `unknown_name` for a column that no run has.
 */
export function runTable(
  reader: RecordReader,
  { from, dagName }: { readonly from: CommitId; readonly dagName: string },
  options: TableOptions = {},
): RunTable {
  const { columns, filters = [], sort, reverse = false, limit = Number.POSITIVE_INFINITY } = options;
  const named = [
    ...new Set([...(columns ?? []), ...filters.map(({ column }) => column), ...(sort ? [sort] : [])]),
  ];
  const met = new Set<string>();
  const rows: RunRow[] = [];
  // Without an order of their own the first rows are the newest.
  const enough = sort === undefined && !reverse ? limit : Number.POSITIVE_INFINITY;
  for (const run of runsOfDag(reader, from, dagName)) {
    const row = rowOf(reader, run, { named, all: columns === undefined });
    for (const name of row.cells.keys()) met.add(name);
    // @spec DML-REP-0363
    if (filters.every((filter) => filter.accepts(row.cells.get(filter.column)))) rows.push(row);
    if (rows.length >= enough) break;
  }
  const unknown = named.find((name) => !met.has(name));
  // @spec DML-REP-0364
  if (unknown !== undefined)
    throw unknownName({
      name: unknown,
      word: unknown,
      detail: 'node',
      inside: dagName,
      known: knownNames(reader, from, dagName),
    });
  if (sort !== undefined) rows.sort((left, right) => byCell(left.cells.get(sort), right.cells.get(sort)));
  if (reverse) rows.reverse();
  const shown = rows.slice(0, limit);
  return { columns: columns ?? ownColumns(shown), rows: shown };
}

/** Lists the parameters and metrics of the newest run, for a name that no run has. */
function knownNames(reader: RecordReader, from: CommitId, dagName: string): string[] {
  const run = dagRun(reader, from, dagName);
  return run === undefined ? [] : [...recordedValues(reader, run).keys()];
}

function rowOf(
  reader: RecordReader,
  run: DagRun,
  { named, all }: { readonly named: readonly string[]; readonly all: boolean },
): RunRow {
  const { commitId, dagId, commit } = run;
  const cells = all || named.some(isRecorded) ? recordedValues(reader, run) : new Map<string, ValueCell>();
  for (const name of named) {
    const cell = cells.get(name) ?? valueInRun(reader, run, name);
    if (cell !== undefined) cells.set(name, cell);
  }
  return {
    commitId,
    dagId,
    timeMs: commit.authoredMs,
    author: commit.author,
    message: commit.message,
    cells,
  };
}

/**
 * Returns the parameters that differ between rows, and all metrics; of one row all parameters.
 *
 * @spec DML-REP-0362
 */
function ownColumns(rows: readonly RunRow[]): string[] {
  const names = [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))];
  const differs = (name: string): boolean =>
    rows.some(({ cells }) => !isSameCell(cells.get(name), rows[0]?.cells.get(name)));
  const isMetric = (name: string): boolean => name.startsWith(METRIC_PREFIX);
  return [
    ...names.filter((name) => !isMetric(name) && (rows.length === 1 || differs(name))),
    ...names.filter(isMetric),
  ];
}

/** Orders numbers, then anything else by its text, then what is missing. @spec DML-REP-0365 */
function byCell(left: ValueCell | undefined, right: ValueCell | undefined): number {
  if (left === undefined || right === undefined)
    return Number(left === undefined) - Number(right === undefined);
  const [a, b] = [cellNumber(left), cellNumber(right)];
  const [isFirst, isSecond] = [a, b].map((value) => value !== undefined && !Number.isNaN(value));
  if (isFirst && isSecond) return (a as number) - (b as number);
  if (isFirst !== isSecond) return isFirst ? -1 : 1;
  return left.json < right.json ? -1 : Number(left.json > right.json);
}
