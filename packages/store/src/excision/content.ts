import type { Engine } from '../engine/engine.ts';
import { CLASS_BYTES, OBJECT_KEY_BYTES } from '../tables/keyspace.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import { RowReader } from '../walk/row-reader.ts';

/**
 * Finds the pages and chunks that make up the content of some objects: those their links reach over pages
 * alone. What content only mentions, such as the datums of a list, is not part of it.
 */
export function contentKeys(engine: Engine, targets: ObjectKeySet): ObjectKeySet {
  const rows = new RowReader(engine);
  const content = new ObjectKeySet();
  const addLinks = (key: Uint8Array): void => {
    if (rows.look(key) !== 'present') return;
    const { links, linkCount } = rows;
    for (let index = 0; index < linkCount; index += 1) {
      const offset = index * OBJECT_KEY_BYTES;
      const isContent = links[offset] === CLASS_BYTES.page || links[offset] === CLASS_BYTES.chunk;
      if (isContent && !targets.has(links, offset)) content.add(links, offset);
    }
  };
  for (let ordinal = 0; ordinal < targets.size; ordinal += 1) addLinks(targets.keyAt(ordinal));
  for (let ordinal = 0; ordinal < content.size; ordinal += 1) addLinks(content.keyAt(ordinal));
  return content;
}

/** Returns those of `content` that `held` or what is below them needs: they stay. */
export function sharedKeys(engine: Engine, content: ObjectKeySet, held: ObjectKeySet): ObjectKeySet {
  const rows = new RowReader(engine);
  const shared = new ObjectKeySet();
  for (let ordinal = 0; ordinal < held.size; ordinal += 1) shared.add(held.keyAt(ordinal));
  for (let ordinal = 0; ordinal < shared.size; ordinal += 1) {
    if (rows.look(shared.keyAt(ordinal)) !== 'present') continue;
    const { links, linkCount } = rows;
    for (let index = 0; index < linkCount; index += 1)
      if (content.has(links, index * OBJECT_KEY_BYTES)) shared.add(links, index * OBJECT_KEY_BYTES);
  }
  return shared;
}
