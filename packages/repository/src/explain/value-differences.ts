import {
  type Datum,
  type DatumId,
  type Element,
  encodeElement,
  firstDifference,
  treeAt,
  treeCount,
  treeDiff,
} from '@daggerml/object-model';
import type { RecordSource } from '../nodes/stored-value.ts';
import { datumText } from '../views/call-text.ts';

/** One place in which two values differ; `path` is as in names, empty for the values themselves. */
export interface ValueDifference {
  readonly path: string;
  /** Absent for what was added. */
  readonly before?: string;
  /** Absent for what was removed. */
  readonly after?: string;
}

/** Characters of a value in a difference. */
const MAX_VALUE_LENGTH = 60;

/**
 * Lists where two values differ, in the order of their keys and members, at most `limit` places: of a list the first
 * place only, of a map every key. What both share is not read, so the cost is O(changes).
 *
 * @spec DML-EXE-1706
 */
export function valueDifferences(
  source: RecordSource,
  [before, after]: readonly [DatumId, DatumId],
  limit: number,
): ValueDifference[] {
  const found: ValueDifference[] = [];
  for (const difference of differencesOf(source, { before, after, path: '' })) {
    found.push(difference);
    if (found.length === limit) break;
  }
  return found;
}

interface Pair {
  readonly before: Element | undefined;
  readonly after: Element | undefined;
  readonly path: string;
}

function* differencesOf(source: RecordSource, pair: Pair): Generator<ValueDifference> {
  // Collections inside each other are no recursion: they may be a thousand levels deep.
  const open: Iterator<Pair>[] = [[pair].values()];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const next = top.next();
    if (next.done) open.pop();
    else {
      const inner = memberPairs(source, next.value);
      if (inner === undefined) yield differenceOf(source, next.value);
      else open.push(inner);
    }
  }
}

/** Returns the members in which two collections of one kind differ; undefined for what is no such pair. */
function memberPairs(source: RecordSource, { before, after, path }: Pair): Iterator<Pair> | undefined {
  if (before === undefined || after === undefined) return undefined;
  const [left, right] = [datumOf(source, before), datumOf(source, after)];
  if (left.kind === 'map' && right.kind === 'map') return mapPairs(source, { left, right, path });
  if (left.kind === 'list' && right.kind === 'list') return listPairs(source, { left, right, path });
  if (left.kind === 'set' && right.kind === 'set') return setPairs(source, { left, right, path });
  return undefined;
}

type Collection<Kind extends Datum['kind']> = Extract<Datum, { kind: Kind }>;
interface Both<Kind extends Datum['kind']> {
  readonly left: Collection<Kind>;
  readonly right: Collection<Kind>;
  readonly path: string;
}

function* mapPairs(source: RecordSource, { left, right, path }: Both<'map'>): Generator<Pair> {
  for (const { before, after } of treeDiff('map', left.root, right.root, source)) {
    const key = (before ?? after)?.[0] ?? '';
    yield { before: before?.[1], after: after?.[1], path: memberPath(path, key) };
  }
}

function* setPairs(source: RecordSource, { left, right, path }: Both<'set'>): Generator<Pair> {
  for (const { before, after } of treeDiff('set', left.root, right.root, source))
    yield { before, after, path: `${path}{}` };
}

/** Finds the first member that differs; behind one that was added or removed all others have moved. */
function* listPairs(source: RecordSource, { left, right, path }: Both<'list'>): Generator<Pair> {
  const index = firstDifference('list', left.root, right.root, source);
  if (index === undefined) return;
  const [before, after] = [left, right].map(({ root }) => treeAt('list', root, index, source)?.entry);
  const grown = treeCount('list', right.root, source) - treeCount('list', left.root, source);
  const at = `${path}[${index}]`;
  if (grown > 0 && isSame(before, treeAt('list', right.root, index + 1, source)?.entry))
    yield { before: undefined, after, path: at };
  else if (grown < 0 && isSame(after, treeAt('list', left.root, index + 1, source)?.entry))
    yield { before, after: undefined, path: at };
  else yield { before, after, path: at };
}

function isSame(left: Element | undefined, right: Element | undefined): boolean {
  if (typeof left !== 'object' || typeof right !== 'object') return left === right;
  return Buffer.compare(encodeElement(left), encodeElement(right)) === 0;
}

function differenceOf(source: RecordSource, { before, after, path }: Pair): ValueDifference {
  return {
    path,
    ...(before !== undefined && { before: textOf(source, before) }),
    ...(after !== undefined && { after: textOf(source, after) }),
  };
}

function textOf(source: RecordSource, element: Element): string {
  return datumText(source, datumOf(source, element), MAX_VALUE_LENGTH);
}

function datumOf(source: RecordSource, element: Element): Datum {
  return typeof element === 'string' ? source.read('datum', element) : element;
}

const PLAIN_KEY = /^[A-Za-z_$][\w$]*$/;

/** Returns the path of a member of a map, as a name takes it. */
function memberPath(path: string, key: string): string {
  return PLAIN_KEY.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
