import { decodeRecord, encodeRecord } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { readRow } from '../engine/reading.ts';
import { decodeRow, encodeRow } from './checksummed-row.ts';
import { textKey } from './keyspace.ts';

const META_KEYS = [
  'schema',
  'created_by',
  'last_migrated_by',
  'created_at_ms',
  'engine',
  'head',
  'generation',
  'gc',
  'repository',
  'backup',
] as const;

/** Keys the store keeps in its `meta` table. */
export type MetaKey = (typeof META_KEYS)[number];

/** Checks whether a text is a key of the `meta` table. */
export function isMetaKey(text: string): text is MetaKey {
  return META_KEYS.some((key) => key === text);
}

export type MetaValue = string | number;

/** Returns the checksummed row of a meta value. */
export function encodeMeta(key: MetaKey, value: MetaValue): Buffer {
  return encodeRow('meta', textKey(key), encodeRecord({ type: 'meta', key, value }));
}

/** Reads the value of a checksummed meta row. */
export function decodeMeta(key: MetaKey, row: Uint8Array): MetaValue {
  return decodeRecord(decodeRow('meta', textKey(key), row), 'meta').value;
}

/** Reads a meta value; undefined means unknown, which is not an error. */
export function readMeta(engine: Engine, key: MetaKey): MetaValue | undefined {
  const row = readRow(engine, 'meta', textKey(key));
  // @spec DML-STO-0006
  return row && decodeMeta(key, row);
}
