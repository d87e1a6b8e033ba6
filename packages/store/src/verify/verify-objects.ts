import {
  decodeRecord,
  hashBytes,
  isDmlError,
  isNewerFormat,
  type ObjectLink,
  recordLinks,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { hasRow, readKeys, readRow, refreshSnapshot } from '../engine/reading.ts';
import type { ObjectName } from '../excision/plan.ts';
import type { RecordClass } from '../objects/objects.ts';
import { isMissingOnPurpose } from '../objects/stubs.ts';
import { isTombstone } from '../objects/tombstone.ts';
import { idOfKey, isNewerClass, objectKey, parseObjectKey } from '../tables/keyspace.ts';
import type { ObjectKeySet } from '../walk/object-key-set.ts';
import type { Finding, Leftover, VerifyProgress } from './finding.ts';
import { ObjectCheck } from './object-check.ts';
import { reachedKeys } from './reached-keys.ts';

/** Objects one step looks at. */
const STEP_OBJECTS = 2_000;

/** Counts what was looked at. */
export interface ObjectCounts {
  objects: number;
  bytes: number;
}

type Steps = Generator<Finding | Leftover | VerifyProgress, void, undefined>;

/** Looks at every object and yields what is wrong with it; goes on after every finding. */
export function verifyObjects(engine: Engine, counts: ObjectCounts): Steps {
  return new ObjectsCheck(engine, counts).run();
}

class ObjectsCheck {
  readonly #engine: Engine;
  readonly #counts: ObjectCounts;
  readonly #check: ObjectCheck;
  /** Keys that refs and holds reach, looked up for the first fault; undefined inside where that cannot be known. */
  #reached: { readonly keys: ObjectKeySet | undefined } | undefined;

  constructor(engine: Engine, counts: ObjectCounts) {
    this.#engine = engine;
    this.#counts = counts;
    this.#check = new ObjectCheck(engine, (key) => isMissingOnPurpose(engine, key));
  }

  *run(): Steps {
    const engine = this.#engine;
    let from: Buffer | undefined;
    refreshSnapshot(engine);
    for (;;) {
      const range = from === undefined ? {} : { start: from, exclusiveStart: true };
      const keys = readKeys(engine, 'objects', { ...range, limit: STEP_OBJECTS });
      for (const key of keys) {
        const bytes = readRow(engine, 'objects', key);
        if (bytes === undefined) continue;
        this.#counts.objects += 1;
        this.#counts.bytes += bytes.length;
        yield* this.#verifyObject(key, bytes);
      }
      from = keys.at(-1);
      yield this.#progress();
      if (keys.length < STEP_OBJECTS) return;
    }
  }

  /** Returns the progress and moves later reads to the newest commit, as others go on writing. */
  #progress(): VerifyProgress {
    refreshSnapshot(this.#engine);
    return { phase: 'objects', done: this.#counts.objects };
  }

  *#verifyObject(key: Buffer, bytes: Buffer): Steps {
    const object = parseObjectKey(key);
    if (object === undefined) {
      // @spec DML-STO-0933
      if (isNewerClass(key)) yield { code: 'object_newer', class: 'unknown', objectId: idOfKey(key) };
      else yield { code: 'object_key_invalid', keyHex: key.toString('hex') };
      return;
    }
    const name = { class: object.class, objectId: object.id };
    if (hashBytes(bytes) !== object.id) {
      const isExcised = isTombstone(key, bytes);
      // @spec DML-STO-0901
      if (!isExcised) yield { code: 'object_damaged', ...name };
      else if (!hasRow(this.#engine, 'excised', key)) yield { code: 'tombstone_unlisted', ...name };
      return;
    }
    if (object.class !== 'chunk') yield* this.#verifyRecord(name, object.class, bytes);
  }

  *#verifyRecord(name: ObjectName, recordClass: RecordClass, bytes: Buffer): Steps {
    try {
      const record = decodeRecord(bytes, recordClass);
      yield* this.#verifyLinks(name, recordLinks(record));
      for (const fault of this.#check.check(record))
        if (fault === undefined) yield this.#progress();
        else yield* this.#place({ ...fault, ...name }, name);
    } catch (error) {
      if (!isDmlError(error)) throw error;
      const reason = `${error.code}/${error.detail}`;
      // @spec DML-STO-0902 DML-STO-0934
      if (!isNewerFormat(error)) yield { code: 'object_undecodable', ...name, reason };
      else yield { code: 'object_newer', ...name };
    }
  }

  /** Yields a fault that only other objects show: a finding where a ref or a hold may reach the object. */
  *#place(finding: Finding, { class: objectClass, objectId }: ObjectName): Steps {
    this.#reached ??= { keys: yield* reachedKeys(this.#engine) };
    const { keys } = this.#reached;
    // @spec DML-STO-0952 DML-STO-0953
    const isReached = keys === undefined || keys.has(objectKey(objectClass, objectId) as Buffer);
    yield isReached ? finding : { leftover: finding };
  }

  *#verifyLinks(name: ObjectName, links: readonly ObjectLink[]): Steps {
    for (const { objectClass, id } of links) {
      const key = objectKey(objectClass, id) as Buffer;
      // @spec DML-STO-0903 DML-STO-0842
      if (!hasRow(this.#engine, 'objects', key) && !hasRow(this.#engine, 'stubs', key))
        yield* this.#place({ code: 'link_broken', ...name, to: { class: objectClass, objectId: id } }, name);
    }
  }
}
