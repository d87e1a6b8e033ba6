import { type Row, readRow, readRows } from '../engine/reading.ts';
import type { Store } from '../store.ts';
import { holdKey } from '../tables/holds.ts';
import { parseObjectKey } from '../tables/keyspace.ts';
import { type MetaKey, type MetaValue, readMeta } from '../tables/meta.ts';
import { type KeyedRoot, readRoots } from '../walk/roots.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** An excised object with its rows in the tables `objects` and `excised`. */
export interface ExcisedRows {
  readonly key: Buffer;
  readonly tombstone: Buffer;
  readonly note: Buffer;
}

/** The state of a store that a backup copies. Rows are as the tables hold them. */
export interface Cut {
  readonly timeMs: number;
  /** Sequence of the last ref update that belongs to it. */
  readonly sequence: number;
  /** Refs and holds that have not expired. */
  readonly roots: readonly KeyedRoot[];
  readonly refs: readonly Row[];
  readonly holds: readonly Row[];
  readonly excised: readonly ExcisedRows[];
  readonly stubs: readonly Row[];
  readonly attempts: readonly Row[];
  readonly meta: readonly (readonly [MetaKey, MetaValue])[];
}

/** Facts of the source that its backup has too. */
const COPIED_META = ['repository', 'created_by', 'created_at_ms', 'head'] as const;

/**
 * Reads a store's state in one transaction and retains its roots, so that what they reach stays until the session
 * ends or gives it up.
 *
 * @spec DML-STO-1401
 */
export function takeCut(source: Store): Cut {
  return source.transact('backup/cut', (transaction) => {
    const cut = readCut(transaction);
    for (const { key } of cut.roots) {
      const object = parseObjectKey(key);
      // @spec DML-STO-1404
      if (object !== undefined) transaction.retain(object.class, object.id);
    }
    return cut;
  });
}

function readCut({ engine, environment }: WriteTransaction): Cut {
  // What sessions alone hold is no part of a cut.
  const { keyed, sequence } = readRoots(engine, environment.nowMs(), []);
  const standing = new Set(
    keyed.flatMap(({ root }) =>
      root.kind === 'hold' ? [holdKey(root.class, root.objectId, root.owner).toString('hex')] : [],
    ),
  );
  return {
    timeMs: environment.nowMs(),
    sequence,
    roots: keyed,
    refs: readRows(engine, 'refs'),
    holds: readRows(engine, 'pins').filter(({ key }) => standing.has(key.toString('hex'))),
    excised: readRows(engine, 'excised').flatMap(({ key, value: note }) => {
      const tombstone = readRow(engine, 'objects', key);
      return tombstone === undefined ? [] : [{ key, note, tombstone }];
    }),
    stubs: readRows(engine, 'stubs'),
    attempts: readRows(engine, 'attempts'),
    meta: COPIED_META.flatMap((key) => {
      const value = readMeta(engine, key);
      return value === undefined ? [] : [[key, value] as const];
    }),
  };
}
