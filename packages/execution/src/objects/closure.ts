import { type DatumId, type ExecId, idOfBytes, type ObjectClass, scanLinks } from '@daggerml/object-model';
import type { UnpackedObject } from '../worker/packed-objects.ts';
import { decodeAs } from './decode-as.ts';

/** Source of the bytes of objects. */
export interface ByteSource {
  getBytes(objectClass: ObjectClass, objectId: string): Uint8Array | undefined;
  /** Returns the error of an object that should be there. */
  missing(objectClass: ObjectClass, objectId: string): Error;
}

/** Objects by their ids. */
export type FoundObjects = Map<string, UnpackedObject>;

interface ObjectLink {
  readonly objectClass: ObjectClass;
  readonly id: string;
}

/**
 * Adds to `found` everything that datums are made of, except for the chunks of blobs, and returns how many bytes that
 * are. Throws the error of an object that is not there, having added nothing.
 */
export function addDatumClosure(
  datumIds: readonly DatumId[],
  source: ByteSource,
  found: FoundObjects,
): number {
  const roots = datumIds.map((id): ObjectLink => ({ objectClass: 'datum', id }));
  // @spec DML-EXE-0804
  const before = found.size;
  try {
    return addClosure({ roots, source, isPart: ({ objectClass }) => objectClass !== 'chunk' }, found);
  } catch (error) {
    for (const id of [...found.keys()].slice(before)) found.delete(id);
    throw error;
  }
}

/**
 * Collects an exec and everything that it reaches, chunks included, without its function and its input values: whoever
 * asks for its execution key has those. What the objects in `left` reach is left out as well. Throws as above.
 */
export function outcomeClosure(
  execId: ExecId,
  source: ByteSource,
  left: Iterable<string> = [],
): UnpackedObject[] {
  const bytes = source.getBytes('exec', execId);
  const exec = bytes && decodeAs('exec', bytes);
  const own = exec ? [exec.functionDatumId, ...[exec.inputs].flat()] : [];
  const leftOut = new Set<string>([...left, ...own]);
  return closure({
    roots: [{ objectClass: 'exec', id: execId }],
    source,
    isPart: ({ id }) => !leftOut.has(id),
  });
}

interface Closure {
  readonly roots: readonly ObjectLink[];
  readonly source: ByteSource;
  readonly isPart: (link: ObjectLink) => boolean;
}

function closure(of: Closure): UnpackedObject[] {
  const found: FoundObjects = new Map();
  addClosure(of, found);
  return [...found.values()];
}

function addClosure({ roots, source, isPart }: Closure, found: FoundObjects): number {
  let sizeBytes = 0;
  const open = [...roots];
  for (let link = open.pop(); link; link = open.pop()) {
    const { objectClass, id } = link;
    if (found.has(id)) continue;
    const bytes = source.getBytes(objectClass, id);
    if (!bytes) throw source.missing(objectClass, id);
    found.set(id, { objectClass, objectId: id, bytes });
    sizeBytes += bytes.length;
    if (objectClass === 'chunk') continue;
    const links: ObjectLink[] = [];
    scanLinks(bytes, (linkedClass, at) => {
      const linked = { objectClass: linkedClass, id: idOfBytes(bytes, at) };
      if (!found.has(linked.id) && isPart(linked)) links.push(linked);
    });
    // In the order in which they are read later: both sides find the next one right behind the last.
    for (let next = links.pop(); next; next = links.pop()) open.push(next);
  }
  return sizeBytes;
}
