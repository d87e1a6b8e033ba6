import type { CommitId } from '@daggerml/object-model';
import {
  type ChangedCode,
  type ChangedValue,
  type CommitComparison,
  type ComparedValue,
  cellText,
  type DagComparison,
  type FunctionUse,
  shortId,
  type ValueCell,
} from '@daggerml/repository';
import { fileChangeLines, libraryChangeLines } from './code-changes.ts';
import { formatColumns } from './columns.ts';
import { cutStyled, cutToWidth } from './display-width.ts';
import type { RenderOptions } from './node-views.ts';
import type { Output } from './output.ts';
import { formatCount } from './quantities.ts';

/** Columns of one value. */
const MAX_COLUMNS = 40;

/** Lines about the sources of one function that are printed without `--full`. */
const MAX_CODE_LINES = 40;

/** Columns of such a line that are printed without `--full`. */
const MAX_CODE_COLUMNS = 200;

/** One of the commits that are compared, as it was named. */
export interface LabelledSide {
  readonly name: string;
  readonly commitId: CommitId;
}

/** Returns a comparison for people. @spec DML-CLI-1791 */
export function comparisonLines(
  sides: readonly LabelledSide[],
  { dags, unchanged, partial }: CommitComparison,
  { output, full }: RenderOptions,
): string[] {
  const heads = sides.map(({ name }) => cut(output.safe(name)));
  const lines = dags.flatMap((dag) => [...dagLines(heads, dag, { output, full }), '']);
  for (const { dagName, sides: having } of partial)
    lines.push(`${output.safe(dagName)} only in ${having.map((side) => heads[side]).join(', ')}`);
  if (unchanged.length > 0) lines.push(`the same: ${unchanged.map(output.safe).join(', ')}`);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function dagLines(heads: readonly string[], dag: DagComparison, { output, full }: RenderOptions): string[] {
  const { dagName, parameters, metrics, values, functions } = dag;
  const title = (text: string): string => `  ${output.style('bold', text)}`;
  const rows: string[][] = [];
  const differing = parameters.filter(({ differs }) => differs);
  if (differing.length > 0)
    rows.push([title('parameters'), ...heads], ...differing.map((each) => valueRow(output, each)));
  if (metrics.length > 0)
    rows.push([title('metrics'), ...heads], ...metrics.map((each) => metricRow(output, each)));
  const same = parameters.length - differing.length;
  return [
    output.style('bold', output.safe(dagName)),
    ...(rows.length > 0 ? [formatColumns(rows)] : []),
    ...(same > 0 ? [`    ${formatCount(same, 'parameter')} the same`] : []),
    ...(values.length > 0
      ? [title('values'), ...values.flatMap((each) => changeLines(output, heads, each))]
      : []),
    ...(functions.length > 0 ? [title('code'), ...codeLines(output, heads, { functions, full })] : []),
  ];
}

function valueRow(output: Output, { name, cells }: ComparedValue): string[] {
  return [`    ${output.safe(bare(name))}`, ...cells.map((cell) => cellShown(output, cell))];
}

/** Returns a metric with its differences from the first. @spec DML-CLI-1792 */
function metricRow(output: Output, value: ComparedValue): string[] {
  const [label = '', ...cells] = valueRow(output, value);
  return [
    label,
    ...cells.map((cell, at) => {
      const difference = at === 0 ? undefined : value.differences[at - 1];
      if (difference === undefined || difference === 0) return cell;
      return `${cell} (${difference > 0 ? '+' : ''}${Number(difference.toPrecision(3))})`;
    }),
  ];
}

function bare(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}

function cellShown(output: Output, cell: ValueCell | undefined): string {
  return cell === undefined ? '-' : cut(output.safe(cellText(cell)));
}

function cut(text: string): string {
  const shown = cutToWidth(text, MAX_COLUMNS);
  return shown === text ? text : `${shown}…`;
}

/** Returns where the place of a side is said: only where there are several. */
function ofSide(heads: readonly string[], side: number): string {
  return heads.length > 2 ? ` (${heads[side]})` : '';
}

function changeLines(output: Output, heads: readonly string[], value: ChangedValue): string[] {
  const { name, side, changes, isCut } = value;
  const lines = changes.map(({ path, before, after }) => {
    const place = output.safe(`${name}${path}`);
    const [old, now] = [before, after].map((text) => text && output.safe(text));
    if (old === undefined) return `    ${place}: ${now} is new`;
    return now === undefined ? `    ${place}: ${old} is gone` : `    ${place}: ${old} → ${now}`;
  });
  return [...lines, ...(isCut ? [`    ${output.safe(name)}: and more`] : [])].map(
    (line) => line + ofSide(heads, side),
  );
}

/** Returns a line for each function, and below it how its sources changed, each change once. */
function codeLines(
  output: Output,
  heads: readonly string[],
  { functions, full }: { readonly functions: readonly ChangedCode[]; readonly full: boolean },
): string[] {
  const shown = new Set<string>();
  return functions.flatMap((each) => {
    const lines = sourceLines(output, each, shown);
    const kept = full
      ? lines
      : lines.slice(0, MAX_CODE_LINES).map((line) => cutStyled(line, MAX_CODE_COLUMNS));
    const left = lines.length - kept.length;
    return [
      codeLine(output, heads, each),
      ...kept.map((line) => (line === '' ? '' : `      ${line}`)),
      // @spec DML-CLI-3702
      ...(left > 0
        ? [output.style('dim', `      … ${formatCount(left, 'more line')} (--full shows them)`)]
        : []),
    ];
  });
}

/** Returns the diffs of the sources of a function. @spec DML-CLI-3701 */
function sourceLines(output: Output, { before, after, changes }: ChangedCode, shown: Set<string>): string[] {
  if (before.length === 0 || after.length === 0) return [];
  if (changes === undefined)
    return [
      before.length > 1 || after.length > 1
        ? 'several functions have this name'
        : 'the sources of one of the two were not kept',
    ];
  const { files, libraries, bundler } = changes;
  if (files.length + libraries.length === 0 && bundler === undefined)
    return ['the sources are the same: what they are compiled by changed'];
  return [
    ...files.flatMap((file) => {
      const key = JSON.stringify(file);
      const isShown = shown.has(key);
      shown.add(key);
      return isShown
        ? [output.style('dim', output.safe(`${file.path}  as above`))]
        : fileChangeLines(file, output);
    }),
    ...libraryChangeLines({ libraries, bundler }, output),
  ];
}

function codeLine(
  output: Output,
  heads: readonly string[],
  { name, before, after, side }: ChangedCode,
): string {
  const state = before.length === 0 ? 'new' : after.length === 0 ? 'gone' : 'changed';
  const uses = [before, after].filter((each) => each.length > 0).map(bundlesOf);
  return `    ${output.safe(name)}  ${state}  ${output.safe(uses.join(' → '))}${ofSide(heads, side)}`;
}

/** Returns the bundles that functions are in. */
function bundlesOf(uses: readonly FunctionUse[]): string {
  return uses.map(({ uri }) => shortId(/[0-9a-f]{64}/.exec(uri)?.[0] ?? uri)).join(', ');
}
