import { type ObjectClass, scanLinks } from '@daggerml/object-model';
import type { ObjectName } from '../excision/plan.ts';
import { CLASS_BYTES, idOfKey, OBJECT_KEY_BYTES, objectKey, parseObjectKey } from '../tables/keyspace.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import { CID_BYTES, DIGEST_OFFSET, transferError } from './car-frame.ts';
import { type ByteStream, readCar } from './car-reader.ts';
import { OfferedAbsences } from './offered-absences.ts';
import { openSection, receiveRefs, type StreamRef } from './receive.ts';

/** Missing objects that are named; the others are counted. */
const MAX_NAMED = 100;

/** Content of a CARv1 stream. */
export interface CarContent {
  readonly refs: readonly StreamRef[];
  /** Objects, each counted once. */
  readonly objects: number;
  readonly tombstones: number;
  readonly stubs: number;
  /** Objects that refs or objects of the stream link to and that neither it nor a tombstone or stub of it brings. */
  readonly missingCount: number;
  /** The first of them. */
  readonly missing: readonly ObjectName[];
}

/**
 * Reads a CARv1 stream to its end and checks that it is well formed, that every record is valid and has its id, and
 * that nothing is missing; writes nothing. Holds some 100 bytes for each object. Throws as `importCar` does for a
 * stream that is not well-formed or not true; what records say of each other is checked by an import alone.
 */
export async function checkCar(stream: ByteStream): Promise<CarContent> {
  const car = await readCar(stream);
  try {
    const refs = await receiveRefs(car);
    const present = new ObjectKeySet();
    const linked = new ObjectKeySet();
    const absences = new OfferedAbsences();
    const counts = { tombstones: 0, stubs: 0 };
    const key = Buffer.alloc(OBJECT_KEY_BYTES);
    for (const { commitId } of refs) linked.add(objectKey('commit', commitId) as Buffer);
    for await (const section of car.sections) {
      const opened = openSection(section);
      if (typeof opened !== 'string') {
        if (opened.type === 'ref') throw transferError('record_unexpected', { objectId: section.link.id });
        absences.add(opened, section.bytes.length);
        counts[opened.type === 'stub' ? 'stubs' : 'tombstones'] += 1;
        continue;
      }
      key[0] = CLASS_BYTES[opened];
      section.frame.copy(key, 1, DIGEST_OFFSET, CID_BYTES);
      if (!present.add(key) || opened === 'chunk') continue;
      scanLinks(section.bytes, (objectClass, idOffset) => {
        key[0] = CLASS_BYTES[objectClass];
        section.bytes.copy(key, 1, idOffset, idOffset + OBJECT_KEY_BYTES - 1);
        // Links lead to what came before, so that hardly any key has to be kept.
        if (!present.has(key)) linked.add(key);
      });
    }
    const missing: ObjectName[] = [];
    let missingCount = 0;
    for (let ordinal = 0; ordinal < linked.size; ordinal += 1) {
      const wanted = linked.keyAt(ordinal);
      if (present.has(wanted) || absences.get(wanted) !== undefined) continue;
      missingCount += 1;
      if (missing.length < MAX_NAMED)
        missing.push({ class: parseObjectKey(wanted)?.class as ObjectClass, objectId: idOfKey(wanted) });
    }
    return { refs, objects: present.size, ...counts, missingCount, missing };
  } finally {
    await car.sections.return();
  }
}
