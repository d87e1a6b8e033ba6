import {
  copyBytes,
  type Datum,
  type DatumId,
  type Element,
  type LeafEntries,
  type ScalarDatum,
  type TreeRoot,
  treeEntries,
} from '@daggerml/object-model';
import type { ObjectSource } from './object-access.ts';
import { StoredBlob } from './stored-blob.ts';
import { Uri } from './uri.ts';

/** A value as functions and programs see it. */
export type Lifted = unknown;

/**
 * Returns the language value of a datum. Collections are built completely, blobs are handles.
 *
 * @spec DML-BND-0804
 */
export function liftDatum(source: ObjectSource, datumId: DatumId): Lifted {
  return lift(source, source.readDatum(datumId), datumId);
}

function liftElement(source: ObjectSource, element: Element): Lifted {
  return typeof element === 'string' ? liftDatum(source, element) : liftScalar(element);
}

function lift(source: ObjectSource, datum: Datum, datumId: DatumId): Lifted {
  switch (datum.kind) {
    case 'list':
      return Array.from(entriesOf('list', datum.root, source), (element) => liftElement(source, element));
    case 'set':
      return new Set(
        Array.from(entriesOf('set', datum.root, source), (element) => liftElement(source, element)),
      );
    case 'map': {
      const object: Record<string, Lifted> = {};
      for (const [key, element] of entriesOf('map', datum.root, source)) {
        setOwn(object, key, liftElement(source, element));
      }
      return object;
    }
    case 'blob':
      // @spec DML-BND-0803
      return new StoredBlob(source, datumId, datum);
    default:
      return liftScalar(datum);
  }
}

/** Returns the entries of a collection; pages are read only where the record links them. */
function entriesOf<Role extends 'list' | 'set' | 'map'>(
  role: Role,
  root: TreeRoot<Role>,
  source: ObjectSource,
): Iterable<LeafEntries[Role]> {
  return typeof root === 'string' ? treeEntries(role, root, source) : root;
}

function liftScalar(datum: ScalarDatum): Lifted {
  switch (datum.kind) {
    case 'null':
      return null;
    case 'i64':
      return liftInteger(datum.value);
    case 'uri':
      return new Uri(datum.value);
    case 'bytes':
      return copyBytes(datum.value);
    default:
      return datum.value;
  }
}

/** @spec DML-BND-0801 */
function liftInteger(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/**
 * Defines a property; assigning `__proto__` would set the prototype instead.
 *
 * @spec DML-BND-0802
 */
function setOwn(object: Record<string, Lifted>, key: string, value: Lifted): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}
