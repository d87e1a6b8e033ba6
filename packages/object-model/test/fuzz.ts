import { SeededRandom } from '@daggerml/testkit';
import { decodeCbor } from '../src/cbor/decode.ts';
import {
  type AnyRecord,
  checkRecord,
  DmlError,
  decodeRecord,
  encodeRecord,
  recordLinks,
  scanLinks,
} from '../src/index.ts';
import { checkHeader, decodeByCodec } from '../src/records/decode-record.ts';
import { encodeByCodec } from '../src/records/encode-record.ts';
import { mutate } from './fuzz-mutation.ts';
import { decodeByCborg, decodeByDagCbor, sameValue } from './oracles.ts';
import { bytesOfVector, hexOfBytes } from './vector-case.ts';
import { VECTOR_CASES } from './vector-files.ts';

/** Counts of a run. */
export interface FuzzReport {
  readonly inputCount: number;
  readonly acceptedCount: number;
  /** Detail → how many inputs were refused for it. */
  readonly refusals: ReadonlyMap<string, number>;
}

/** Mutates seed inputs and checks every promise about arbitrary bytes; throws with seed and input on the first lie. */
export function fuzz(seedInputs: readonly Uint8Array[], count: number, seed: number): FuzzReport {
  const random = new SeededRandom(seed);
  const refusals = new Map<string, number>();
  let acceptedCount = 0;
  for (let number = 0; number < count; number++) {
    const input = mutate(random.pick(seedInputs), random, random.pick(seedInputs));
    try {
      const detail = checkInput(input);
      if (detail === undefined) acceptedCount++;
      else refusals.set(detail, (refusals.get(detail) ?? 0) + 1);
    } catch (error) {
      const where = `seed ${seed}, input ${number}, hex ${hexOfBytes(input)}`;
      throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
  return { inputCount: count, acceptedCount, refusals };
}

/** Returns the detail for which an input is refused, undefined when it is accepted and all promises hold. */
export function checkInput(input: Uint8Array): string | undefined {
  let record: AnyRecord;
  try {
    record = decodeRecord(input);
  } catch (error) {
    if (!(error instanceof DmlError)) throw error;
    checkScan(input);
    demand(detailOf(() => checkRecord(input)) === error.detail, 'is not refused alike without being decoded');
    return error.detail;
  }
  demand(checkRecord(input) === record.type, 'is of another type where it is not decoded');
  const hex = hexOfBytes(input);
  demand(hexOfBytes(encodeRecord(record)) === hex, 'does not encode to the same bytes');
  demand(hexOfBytes(encodeByCodec(record)) === hex, 'the codec disagrees with the template');
  const byCodec = decodeByCodec(input, checkHeader(input));
  demand(hexOfBytes(encodeRecord(byCodec)) === hex, 'the codec decodes another record');
  checkLinks(record, input);
  const value = decodeCbor(input);
  demand(sameValue(value, decodeByDagCbor(input)), '@ipld/dag-cbor decodes another value');
  demand(sameValue(value, decodeByCborg(input)), 'cborg decodes another value');
  return undefined;
}

function detailOf(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!(error instanceof DmlError)) throw error;
    return error.detail;
  }
}

function checkScan(input: Uint8Array): void {
  try {
    scanLinks(input, () => {});
  } catch (error) {
    if (!(error instanceof DmlError)) throw error;
  }
}

function checkLinks(record: AnyRecord, input: Uint8Array): void {
  const scanned: string[] = [];
  scanLinks(input, (objectClass, at) => {
    scanned.push(`${objectClass} ${hexOfBytes(input.subarray(at, at + 32))}`);
  });
  const listed = recordLinks(record).map((link) => `${link.objectClass} ${link.id}`);
  demand(scanned.join() === listed.join(), 'scanned links are not the listed ones');
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** Returns the inputs that fuzzing starts from: every vector of a record, right or refused, below 4 KiB. */
export function seedInputs(): Uint8Array[] {
  const ofRecords = VECTOR_CASES.filter(({ operation }) => operation === 'record' || operation === 'decode');
  return ofRecords
    .flatMap(({ hex }) => (hex === undefined ? [] : [bytesOfVector(hex)]))
    .filter(({ length }) => length > 0 && length < 4096);
}
