import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decodeCbor } from '../../src/cbor/decode.ts';
import {
  type AnyRecord,
  ERROR_DETAILS,
  type ErrorDetail,
  formatCid,
  hashBytes,
  OBJECT_CLASS_NUMBERS,
  recordLinks,
  sha256Hex,
} from '../../src/index.ts';
import { recordToJson } from '../../src/json/index.ts';
import { encodeByCodec } from '../../src/records/encode-record.ts';
import { decodeByCborg, decodeByDagCbor, encodeByCborg, sameValue } from '../oracles.ts';
import { runCase } from '../run-case.ts';
import { hexOfBytes, type VectorCase, type VectorError } from '../vector-case.ts';

/** A case before its file is known. */
export type Draft = VectorCase;

/** Builds the case of a record, its bytes confirmed by both oracles. */
export function record(name: string, requirement: string, value: AnyRecord): Draft {
  const bytes = encodeByCodec(value);
  const items = decodeCbor(bytes);
  const agreed =
    hexOfBytes(encodeByCborg(items)) === hexOfBytes(bytes) &&
    sameValue(items, decodeByDagCbor(bytes)) &&
    sameValue(items, decodeByCborg(bytes));
  if (!agreed) throw new Error(`the oracles disagree about ${name}`);
  const id = sha256Hex(bytes);
  return {
    name,
    requirement,
    operation: 'record',
    hex: hexOfBytes(bytes),
    id,
    ...(value.type in OBJECT_CLASS_NUMBERS ? { cid: formatCid('datum', hashBytes<'datum'>(bytes)) } : {}),
    value: recordToJson(value),
    links: recordLinks(value).map((link) => ({ class: link.objectClass, id: link.id })),
  };
}

/** Returns the error of a detail as vectors state it. */
export function errorOf(detail: ErrorDetail, recordType?: string): VectorError {
  return { code: ERROR_DETAILS[detail].code, detail, ...(recordType === undefined ? {} : { recordType }) };
}

/** Builds the case of bytes that are refused for a detail. */
export function refused(
  name: string,
  requirement: string,
  hex: VectorCase['hex'],
  error: VectorError,
  expected?: string,
): Draft {
  return {
    name,
    requirement,
    operation: 'decode',
    hex: hex!,
    ...(expected === undefined ? {} : { expected }),
    error,
  };
}

/** Builds the case of a JSON form that is refused for a detail. */
export function notEncoded(name: string, requirement: string, value: unknown, error: VectorError): Draft {
  return { name, requirement, operation: 'encode', value, error };
}

/** Builds the case of a text that is brought into canonical form. */
export function canonical(
  operation: string,
  name: string,
  requirement: string,
  input: VectorCase['input'],
  output: string,
): Draft {
  return { name, requirement, operation, input: input!, output };
}

/** Builds the case of a text that is refused for a detail. */
export function refusedText(
  operation: string,
  name: string,
  requirement: string,
  input: VectorCase['input'],
  detail: ErrorDetail,
): Draft {
  return { name, requirement, operation, input: input!, error: errorOf(detail) };
}

/** Writes a file of vectors after running every case. */
export function writeVectors(folder: string, path: string, cases: readonly Draft[]): void {
  const names = new Set<string>();
  const problems: string[] = [];
  for (const each of cases) {
    if (names.has(each.name)) problems.push(`${path}: ${each.name} occurs twice`);
    names.add(each.name);
    const problem = runCase(JSON.parse(JSON.stringify(each)) as VectorCase);
    if (problem !== undefined) problems.push(`${path}: ${each.name}: ${problem}`);
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const target = join(folder, `${path}.json`);
  mkdirSync(dirname(target), { recursive: true });
  const area = path.split('/')[0]!;
  const lines = cases.map((each) => JSON.stringify(each)).join(',\n');
  writeFileSync(target, `{"area":${JSON.stringify(area)},"cases":[\n${lines}\n]}\n`);
}
