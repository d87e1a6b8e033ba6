import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type DatumId, type ObjectClass, recordLinks } from '@daggerml/object-model';
import { LayOut } from '../script/lay-out.ts';
import type { LayOutParts } from './lay-out-parts.ts';

/** Writes the blobs that a value is made of to files that are named by the SHA-256 of their contents. */
export async function writeBlobs({ objects, reader, folder }: LayOutParts, datumId: DatumId): Promise<void> {
  const layOut = new LayOut(objects);
  const open: (readonly [ObjectClass, string])[] = [['datum', datumId]];
  const reached = new Set<string>([datumId]);
  for (let next = open.pop(); next; next = open.pop()) {
    const [objectClass, id] = next;
    if (objectClass !== 'datum' && objectClass !== 'page') continue;
    const record = reader.read(objectClass, id);
    if (record.type === 'datum' && record.kind === 'blob') {
      const place = join(folder, 'blobs', record.contentSha256);
      if (!existsSync(place)) await layOut.file(id as DatumId, place);
      continue;
    }
    for (const link of recordLinks(record)) {
      if (reached.has(link.id)) continue;
      reached.add(link.id);
      open.push([link.objectClass, link.id]);
    }
  }
}
