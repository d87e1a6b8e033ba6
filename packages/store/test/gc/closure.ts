import { hashBytes, type ObjectClass, type ObjectId } from '@daggerml/object-model';
import { readKeys, refreshSnapshot } from '../../src/engine/reading.ts';
import { type Link, linksOf } from '../../src/objects/links.ts';
import type { Store } from '../../src/store.ts';
import { parseObjectKey } from '../../src/tables/keyspace.ts';

/**
 * Walks from every ref by full decoding, as an oracle, and returns what is missing or damaged.
 * Knows nothing of the collector's own sets and scanners.
 */
export function brokenClosures(store: Store): string[] {
  const broken: string[] = [];
  const seen = new Set<string>();
  const waiting: (Link & { readonly from: string })[] = store
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
    else for (const link of linksOf(bytes, target.class)) waiting.push({ ...link, from: name });
  }
  return broken;
}

/** Returns `class/id` of everything a commit reaches, itself included. */
export function closureOf(store: Store, commitId: ObjectId): Set<string> {
  const names = new Set([`commit/${commitId}`]);
  for (const name of names) {
    const [objectClass, id] = name.split('/') as [ObjectClass, ObjectId];
    for (const link of linksOf(store.read(objectClass, id), objectClass))
      names.add(`${link.class}/${link.id}`);
  }
  return names;
}

/** Returns every present object with a link to an absent one; empty while the store is closed under links. */
export function danglingObjects(store: Store): string[] {
  refreshSnapshot(store.engine);
  const dangling: string[] = [];
  for (const key of readKeys(store.engine, 'objects')) {
    const object = parseObjectKey(key) as Link;
    const bytes = store.get(object.class, object.id) as Buffer;
    if (hashBytes(bytes) !== object.id) dangling.push(`${object.class}/${object.id}`);
    for (const link of linksOf(bytes, object.class))
      if (!store.has(link.class, link.id))
        dangling.push(`${object.class}/${object.id} -> ${link.class}/${link.id}`);
  }
  return dangling;
}
