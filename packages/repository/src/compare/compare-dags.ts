import { type CommitId, type DatumId, type NodeId, treeEntries } from '@daggerml/object-model';
import { type ValueDifference, valueDifferences } from '../explain/value-differences.ts';
import { unknownName } from '../names/unknown-name.ts';
import { treeScope } from '../nodes/pin-scope.ts';
import { datumText } from '../views/call-text.ts';
import { dagsOf } from '../views/commit-view.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { type ChangedFunction, changedFunctions } from './changed-functions.ts';
import { type DagRun, dagRun, nodeValue, recordedValues } from './dag-runs.ts';
import { isRecorded, METRIC_PREFIX, PARAMETER_PREFIX } from './recorded-names.ts';
import { cellNumber, isSameCell, type ValueCell } from './value-cell.ts';

/** A dag that is compared: of a commit, under a name; every dag of the commit where there is no name. */
export interface ComparedSide {
  readonly commitId: CommitId;
  readonly dagName?: string | undefined;
}

/** A parameter or metric in each of the dags, in their order; undefined where one has none. */
export interface ComparedValue {
  readonly name: string;
  readonly cells: readonly (ValueCell | undefined)[];
  readonly differs: boolean;
  /** Numbers less that of the first dag; undefined where one of the two is no number. */
  readonly differences: readonly (number | undefined)[];
}

/** A value that differs from that of the first dag. */
export interface ChangedValue {
  readonly name: string;
  /** Place of the dag among those compared. */
  readonly side: number;
  readonly changes: readonly ValueDifference[];
  /** True where there are more changes than listed. */
  readonly isCut: boolean;
}

/** Functions that differ from those of the first dag. */
export interface ChangedCode extends ChangedFunction {
  readonly side: number;
}

/** Differences of one dag between several commits. */
export interface DagComparison {
  readonly dagName: string;
  readonly dagIds: readonly string[];
  readonly parameters: readonly ComparedValue[];
  readonly metrics: readonly ComparedValue[];
  readonly values: readonly ChangedValue[];
  readonly functions: readonly ChangedCode[];
}

/** Differences between commits. */
export interface CommitComparison {
  readonly dags: readonly DagComparison[];
  /** Dags that are the same everywhere. */
  readonly unchanged: readonly string[];
  /** Dags that not every commit has, with the places of those that have it. */
  readonly partial: readonly { readonly dagName: string; readonly sides: readonly number[] }[];
}

/** Changes of one value that are listed. */
const MAX_CHANGES = 20;

/**
 * Compares dags, or each dag that several commits have, with the first of them. Throws `unknown_name` for a dag that is
 * not there.
 */
export function compareDags(
  reader: RecordReader,
  sides: readonly ComparedSide[],
  dagName?: string,
): CommitComparison {
  const name = dagName ?? sides.find((side) => side.dagName !== undefined)?.dagName;
  if (name !== undefined) {
    // @spec DML-REP-0375
    const runs = sides.map((side) => namedRun(reader, side.commitId, side.dagName ?? name));
    const isSame = runs.every((run) => isSameOutcome(reader, runs[0] as DagRun, run));
    return { dags: isSame ? [] : [compared(reader, runs)], unchanged: isSame ? [name] : [], partial: [] };
  }
  const commits = sides.map(({ commitId }) => commitId);
  const names = commits.map((commitId) =>
    dagsOf(reader, reader.read('commit', commitId)).map((dag) => dag.name),
  );
  const dags: DagComparison[] = [];
  const unchanged: string[] = [];
  const partial: { dagName: string; sides: number[] }[] = [];
  // @spec DML-REP-0370
  for (const each of [...new Set(names.flat())].sort()) {
    const having = names.flatMap((known, side) => (known.includes(each) ? [side] : []));
    if (having.length < sides.length) partial.push({ dagName: each, sides: having });
    else {
      const runs = commits.map((commitId) => namedRun(reader, commitId, each));
      if (runs.every((run) => isSameOutcome(reader, runs[0] as DagRun, run))) unchanged.push(each);
      else dags.push(compared(reader, runs));
    }
  }
  return { dags, unchanged, partial };
}

function namedRun(reader: RecordReader, commitId: CommitId, dagName: string): DagRun {
  const run = dagRun(reader, commitId, dagName);
  if (run !== undefined) return run;
  const known = dagsOf(reader, reader.read('commit', commitId)).map((dag) => dag.name);
  throw unknownName({ name: dagName, word: dagName, detail: 'dag', inside: commitId, known, listed: true });
}

/** Checks whether two dags have the same names with the same values. */
function isSameOutcome(reader: RecordReader, left: DagRun, right: DagRun): boolean {
  if (left.dagId !== right.dagId) return false;
  if (left.commit.pins === right.commit.pins) return true;
  const [before, after] = [namedValues(reader, left), namedValues(reader, right)];
  return before.size === after.size && [...before].every(([name, datumId]) => after.get(name) === datumId);
}

function compared(reader: RecordReader, runs: readonly DagRun[]): DagComparison {
  const [first, ...others] = runs as readonly [DagRun, ...DagRun[]];
  const cells = runs.map((run) => recordedValues(reader, run));
  const names = [...new Set(cells.flatMap((each) => [...each.keys()]))].sort();
  const under = (prefix: string): ComparedValue[] =>
    names.filter((name) => name.startsWith(prefix)).map((name) => comparedValue(name, cells));
  return {
    dagName: first.dagName,
    dagIds: runs.map(({ dagId }) => dagId),
    parameters: under(PARAMETER_PREFIX),
    metrics: under(METRIC_PREFIX),
    values: others.flatMap((run, at) => changedValues(reader, [first, run], at + 1)),
    functions: others.flatMap((run, at) =>
      changedFunctions(reader, first, run).map((changed) => ({ ...changed, side: at + 1 })),
    ),
  };
}

/** @spec DML-REP-0371 */
function comparedValue(name: string, runs: readonly ReadonlyMap<string, ValueCell>[]): ComparedValue {
  const cells = runs.map((run) => run.get(name));
  const [first, ...others] = cells.map((cell) => cell && cellNumber(cell));
  return {
    name,
    cells,
    differs: cells.some((cell) => !isSameCell(cell, cells[0])),
    differences: others.map((number) =>
      first === undefined || number === undefined ? undefined : number - first,
    ),
  };
}

/** @spec DML-REP-0372 */
function changedValues(
  reader: RecordReader,
  [left, right]: readonly [DagRun, DagRun],
  side: number,
): ChangedValue[] {
  const [before, after] = [namedValues(reader, left), namedValues(reader, right)];
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => !isRecorded(name));
  return names.flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)];
    if (old === now) return [];
    if (old === undefined || now === undefined) {
      const change = {
        path: '',
        ...(old && { before: textOf(reader, old) }),
        ...(now && { after: textOf(reader, now) }),
      };
      return [{ name, side, changes: [change], isCut: false }];
    }
    const changes = valueDifferences(reader, [old, now], MAX_CHANGES + 1);
    return [{ name, side, changes: changes.slice(0, MAX_CHANGES), isCut: changes.length > MAX_CHANGES }];
  });
}

/** Characters of a value that only one of two dags has. */
const MAX_TEXT = 60;

function textOf(reader: RecordReader, datumId: DatumId): string {
  return datumText(reader, reader.read('datum', datumId), MAX_TEXT);
}

/** Returns the values of the root and of every name. */
function namedValues(reader: RecordReader, { dagId, commit }: DagRun): Map<string, DatumId> {
  const { rootNodeId, names } = reader.read('dag', dagId);
  const scope = treeScope(commit.pins, reader);
  const entries: (readonly [string, NodeId])[] = [
    ['root', rootNodeId],
    ...treeEntries('names', names, reader),
  ];
  const values = new Map<string, DatumId>();
  for (const [name, nodeId] of entries) {
    const datumId = nodeValue(reader, nodeId, scope);
    if (datumId !== undefined) values.set(name, datumId);
  }
  return values;
}
