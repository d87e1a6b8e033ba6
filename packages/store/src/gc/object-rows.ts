import type { Engine } from '../engine/engine.ts';
import { storeError } from '../errors.ts';
import { CLASS_BYTES, parseObjectKey } from '../keyspace.ts';
import { hashBytes, type Link, scanLinks } from '../model.ts';
import { isTombstone } from '../tombstone.ts';

/** What one look at an object's row says. */
export type RowView =
  | { readonly state: 'absent' }
  | { readonly state: 'excised' }
  /** The bytes do not hash to the id, so what the object links to is unknown. */
  | { readonly state: 'damaged'; readonly sizeBytes: number }
  | { readonly state: 'present'; readonly sizeBytes: number; readonly links: readonly Link[] };

const ABSENT: RowView = { state: 'absent' };
const EXCISED: RowView = { state: 'excised' };
const NO_LINKS: readonly Link[] = [];
const CHUNK = CLASS_BYTES.chunk;

/**
 * Reads the bytes under an object's key without copying them: they are valid until the next read.
 * The engine hands out one shared buffer whose `length` alone is that of the value, hence the view.
 */
function borrowRow(engine: Engine, key: Uint8Array): Uint8Array | undefined {
  try {
    const shared = engine.tables.objects.getBinaryFast(key) as Uint8Array | undefined;
    return shared && Buffer.from(shared.buffer, shared.byteOffset, shared.length);
  } catch (cause) {
    throw storeError('store_damaged', { table: 'objects', detail: 'engine_read' }, cause);
  }
}

/**
 * Reads the outgoing links of the object under `key`, having checked its bytes against its id.
 * Chunks have no links and are not hashed, so an excised or damaged chunk counts as present.
 */
export function viewRow(engine: Engine, key: Uint8Array): RowView {
  const bytes = borrowRow(engine, key);
  if (bytes === undefined) return ABSENT;
  const sizeBytes = bytes.length;
  if (key[0] === CHUNK) return { state: 'present', sizeBytes, links: NO_LINKS };
  const object = parseObjectKey(key);
  if (object === undefined) throw storeError('store_damaged', { table: 'objects', detail: 'key_form' });
  if (hashBytes(bytes) === object.id) return { state: 'present', sizeBytes, links: scanLinks(bytes, object.class) };
  return isTombstone(key, bytes) ? EXCISED : { state: 'damaged', sizeBytes };
}
