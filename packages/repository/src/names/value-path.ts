import {
  type Datum,
  type DatumId,
  type Element,
  encodeRecord,
  hashBytes,
  treeAt,
  treeGet,
} from '@daggerml/object-model';
import type { RecordReader } from '../workspace/record-reader.ts';
import type { NamedObject } from './named-object.ts';

/** The value that a name stands for. */
export interface NamedValue extends Pick<NamedObject, 'inline'> {
  readonly datumId: DatumId;
  readonly datum: Datum;
}

/**
 * Follows a path such as `.model.weights[0]` or `["a key"]` into a value and returns the member; undefined where there
 * is none. A key of a map may hold any signs: the longest one that the map has is taken.
 *
 * @spec DML-REP-0011 DML-REP-0012
 */
export function memberAt(reader: RecordReader, from: NamedValue, path: string): NamedObject | undefined {
  const found = follow(reader, from, path);
  return (
    found && {
      class: 'datum',
      objectId: found.datumId,
      scopeCommitId: undefined,
      ...(found.inline && { inline: found.inline }),
    }
  );
}

function follow(reader: RecordReader, from: NamedValue, path: string): NamedValue | undefined {
  if (path === '') return from;
  for (const [key, rest] of firstKeys(path)) {
    const step = memberOf(reader, from, key);
    const found = step && follow(reader, step, rest);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Yields each key that a path may begin with and what follows, the longest key first. */
function* firstKeys(path: string): Generator<[key: string | number, rest: string]> {
  const index = /^\[(\d{1,15})\]/.exec(path);
  if (index !== null) yield [Number(index[1]), path.slice(index[0].length)];
  const quoted = /^\[("(?:[^"\\]|\\.)*")\]/.exec(path);
  if (quoted !== null) {
    const key = parsedText(quoted[1] as string);
    if (key !== undefined) yield [key, path.slice(quoted[0].length)];
  }
  if (!path.startsWith('.') || path.length === 1) return;
  for (let end = path.length; end > 1; end -= 1)
    if (end === path.length || path[end] === '.' || path[end] === '[')
      yield [path.slice(1, end), path.slice(end)];
}

function parsedText(json: string): string | undefined {
  try {
    return String(JSON.parse(json));
  } catch {
    return undefined;
  }
}

function memberOf(
  reader: RecordReader,
  { datum, datumId }: NamedValue,
  key: string | number,
): NamedValue | undefined {
  const element = elementOf(reader, datum, key);
  if (element === undefined) return undefined;
  if (typeof element === 'string') return { datumId: element, datum: reader.read('datum', element) };
  const ownId = hashBytes<'datum'>(encodeRecord(element));
  return { datumId: ownId, datum: element, inline: { datum: element, holderId: datumId } };
}

function elementOf(reader: RecordReader, datum: Datum, key: string | number): Element | undefined {
  if (datum.kind === 'list')
    return typeof key === 'number' ? treeAt('list', datum.root, key, reader)?.entry : undefined;
  if (datum.kind !== 'map' || typeof key !== 'string') return undefined;
  return treeGet('map', datum.root, key, reader)?.[1];
}
