import {
  type AnyRecord,
  type BlobDatum,
  type DatumId,
  DmlError,
  isInline,
  isNewerFormat,
  MAX_INLINE_BYTES,
  recordLinks,
  recordRoots,
  TreeVerifier,
  verifyBlob,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { objectKey } from '../tables/keyspace.ts';
import { contradictionsOf } from './contradictions.ts';
import type { ObjectFault } from './object-fault.ts';
import { WholeRecords } from './whole-records.ts';

/** Pages or chunks of one collection or blob that are read between two pauses. */
const PARTS_PER_PAUSE = 256;

/** No longer datum is one that stands inline: a head of four bytes instead of one. */
export const MAX_INLINE_RECORD_BYTES: number = MAX_INLINE_BYTES + 3;

/** A fault, or undefined for a pause in which others may run. */
type Steps = Generator<ObjectFault | undefined, void, undefined>;

/**
 * Check of objects one by one for what their own bytes cannot show: whether elements are inline that should be, search
 * trees and blobs are those of their contents, and records agree with the records that they name.
 * Remembers up to 65,536 pages that trees may share.
 */
export class ObjectCheck {
  readonly #records: WholeRecords;
  readonly #trees: TreeVerifier;
  readonly #isMissingOnPurpose: (key: Uint8Array) => boolean;

  /** Creates a check; `isMissingOnPurpose` checks whether the page or chunk under a key may be missing. */
  constructor(engine: Engine, isMissingOnPurpose: (key: Uint8Array) => boolean) {
    this.#records = new WholeRecords(engine);
    this.#isMissingOnPurpose = isMissingOnPurpose;
    // @spec DML-STO-0922
    this.#trees = new TreeVerifier(this.#records, {
      isExcused: (pageId) => this.#isMissing('page', pageId),
    });
  }

  /** Lists the faults of a record, the first of each collection and blob. */
  *check(record: AnyRecord): Steps {
    if (holdsElements(record)) yield* this.#checkElements(record);
    yield* this.#checkTrees(record);
    if (record.type === 'datum' && record.kind === 'blob') yield* this.#checkBlob(record);
    yield* contradictionsOf(record, this.#records);
  }

  *#checkElements(record: AnyRecord): Steps {
    for (const { objectClass, id } of recordLinks(record)) {
      // @spec DML-STO-0920
      if (objectClass === 'datum' && this.#isInline(id))
        yield { code: 'element_linked', to: { class: 'datum', objectId: id } };
    }
  }

  /** Checks whether a datum is one that collections hold in place. */
  #isInline(datumId: DatumId): boolean {
    // Most elements that are linked are long, which their row says without being read.
    if (this.#records.rowBytes('datum', datumId) > MAX_INLINE_RECORD_BYTES) return false;
    const datum = this.#records.get('datum', datumId);
    return datum !== undefined && isInline(datum);
  }

  *#checkTrees(record: AnyRecord): Steps {
    let pages = 0;
    for (const { role, root } of recordRoots(record)) {
      // Decoding has judged what is embedded.
      if (typeof root !== 'string') continue;
      const steps = this.#trees.verify(role, root);
      let step = steps.next();
      for (; step.done !== true; step = steps.next()) {
        pages += 1;
        // @spec DML-STO-0923
        if (pages % PARTS_PER_PAUSE === 0) yield undefined;
      }
      // A page of a newer format is no fault of what links to it.
      if (step.value === undefined || isNewerFormat(step.value.cause)) continue;
      const { fault, pageId } = step.value;
      // @spec DML-STO-0908
      yield { code: 'tree_not_canonical', role, fault, pageId };
    }
  }

  *#checkBlob(blob: BlobDatum): Steps {
    let chunks = 0;
    try {
      for (const _ of verifyBlob(blob, this.#records)) {
        chunks += 1;
        if (chunks % PARTS_PER_PAUSE === 0) yield undefined;
      }
    } catch (error) {
      if (!(error instanceof DmlError)) throw error;
      if (isNewerFormat(error) || this.#isMissingPart(error)) return;
      // @spec DML-STO-0909
      yield { code: 'blob_wrong', reason: error.detail ?? error.code };
    }
  }

  /** Checks whether the chunk or page that a blob lacks is missing on purpose, and so the blob not whole on purpose. */
  #isMissingPart({ fields: { chunkId, pageId } }: DmlError): boolean {
    if (typeof pageId === 'string') return this.#isMissing('page', pageId);
    return typeof chunkId === 'string' && this.#isMissing('chunk', chunkId);
  }

  // @spec DML-STO-0921
  #isMissing(objectClass: 'page' | 'chunk', id: string): boolean {
    return this.#isMissingOnPurpose(objectKey(objectClass, id) as Buffer);
  }
}

/** Checks whether the datums that a record links are elements; what a URI links is its attachment. */
function holdsElements(record: AnyRecord): boolean {
  const kind = record.type === 'datum' ? record.kind : record.type === 'page' ? record.role : undefined;
  return kind === 'list' || kind === 'set' || kind === 'map';
}
