import {
  decodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
  recordLinks,
} from '@daggerml/object-model';
import { readKeys, refreshSnapshot } from '../../src/engine/reading.ts';
import type { Store } from '../../src/store.ts';
import { parseObjectKey } from '../../src/tables/keyspace.ts';

interface Target {
  readonly class: ObjectClass;
  readonly id: ObjectId;
}

/**
 * Walks from every ref by full decoding, as an oracle, and returns what is missing or damaged.
 * Knows nothing of the collector's own sets and scanners.
 */
export function brokenClosures(store: Store): string[] {
  const broken: string[] = [];
  const seen = new Set<string>();
  const waiting: (Target & { readonly from: string })[] = store
    .readRefs()
    .map((ref) => ({ class: 'commit', id: ref.commitId, from: ref.name }));
  for (let target = waiting.pop(); target !== undefined; target = waiting.pop()) {
    const name = `${target.class}/${target.id}`;
    if (seen.has(name)) continue;
    seen.add(name);
    let bytes: Buffer | undefined;
    try {
      bytes = store.get(target.class, target.id);
    } catch (error) {
      if ((error as { detail?: string }).detail === 'excised') continue;
      throw error;
    }
    if (bytes === undefined) broken.push(`${target.from} -> ${name}`);
    else for (const link of linksOf(target.class, bytes)) waiting.push({ ...link, from: name });
  }
  return broken;
}

function linksOf(objectClass: ObjectClass, bytes: Buffer): Target[] {
  if (objectClass === 'chunk') return [];
  return recordLinks(decodeRecord(bytes, objectClass)).map((link) => ({
    class: link.objectClass,
    id: link.id,
  }));
}

/** Returns `class/id` of everything a commit reaches, itself included. */
export function closureOf(store: Store, commitId: ObjectId): Set<string> {
  const names = new Set([`commit/${commitId}`]);
  for (const name of names) {
    const [objectClass, id] = name.split('/') as [ObjectClass, ObjectId];
    for (const link of linksOf(objectClass, store.read(objectClass, id)))
      names.add(`${link.class}/${link.id}`);
  }
  return names;
}

/** Returns every present object with a link to an absent one; empty while the store is closed under links. */
export function danglingObjects(store: Store): string[] {
  refreshSnapshot(store.engine);
  const dangling: string[] = [];
  for (const key of readKeys(store.engine, 'objects')) {
    const object = parseObjectKey(key) as Target;
    const bytes = store.get(object.class, object.id) as Buffer;
    if (hashBytes(bytes) !== object.id) dangling.push(`${object.class}/${object.id}`);
    for (const link of linksOf(object.class, bytes))
      if (!store.has(link.class, link.id))
        dangling.push(`${object.class}/${object.id} -> ${link.class}/${link.id}`);
  }
  return dangling;
}
