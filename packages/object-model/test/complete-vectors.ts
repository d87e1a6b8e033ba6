import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeCbor } from '../src/cbor/decode.ts';
import { encodeRecord, hashBytes, OBJECT_CLASS_NUMBERS, recordLinks } from '../src/index.ts';
import { decodeByCborg, decodeByDagCbor, encodeByCborg, sameValue } from './oracles.ts';
import { runCase } from './run-case.ts';
import { runTreeCase, solveCase, type TreeCase } from './tree-case.ts';
import { hexOfBytes, type VectorCase } from './vector-case.ts';
import { isOfRecords } from './vector-files.ts';
import { cidOf, recordOfJson } from './vector-json.ts';

/** Areas whose cases follow from an input by the operations on trees and blobs. */
const TREE_AREAS: ReadonlySet<string> = new Set(['search-tree', 'blob']);

/**
 * Completes every vector file in a folder and returns the number of cases: the author of a case writes its name,
 * requirement, operation and input, or the `hex` and `error` of a refusal; what follows from them is filled in.
 * Nothing is written, and an error thrown, unless every case holds and two CBOR libraries agree with every record.
 */
export function completeVectors(folder: string): number {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isOfRecords);
  const texts = paths.map((path) => completeFile(readFileSync(join(folder, path), 'utf8'), path));
  for (const [at, path] of paths.entries()) writeFileSync(join(folder, path), texts[at]!.text);
  return texts.reduce((sum, { count }) => sum + count, 0);
}

function completeFile(text: string, path: string): { readonly text: string; readonly count: number } {
  const { area, cases } = JSON.parse(text) as { area: string; cases: readonly (VectorCase & TreeCase)[] };
  const names = new Set(cases.map(({ name }) => name));
  if (names.size !== cases.length) throw new Error(`${path}: two cases have one name`);
  const lines = cases.map((each) => {
    const { completed, problem } = TREE_AREAS.has(area) ? completeTree(each) : complete(each);
    if (problem !== undefined) throw new Error(`${path}: ${each.name}: ${problem}`);
    return JSON.stringify(completed);
  });
  return {
    text: `{"area":${JSON.stringify(area)},"cases":[\n${lines.join(',\n')}\n]}\n`,
    count: cases.length,
  };
}

interface Completion {
  readonly completed: unknown;
  readonly problem: string | undefined;
}

function completeTree(given: TreeCase): Completion {
  const completed = given.error === undefined ? { ...given, ...solveCase(given) } : given;
  return { completed, problem: runTreeCase(JSON.parse(JSON.stringify(completed)) as TreeCase) };
}

function complete(given: VectorCase): Completion {
  const completed = given.operation === 'record' ? completeRecord(given) : given;
  return { completed, problem: runCase(JSON.parse(JSON.stringify(completed)) as VectorCase) };
}

function completeRecord({ name, requirement, operation, value }: VectorCase): VectorCase {
  const record = recordOfJson(value);
  const bytes = encodeRecord(record);
  const items = decodeCbor(bytes);
  const agreed =
    hexOfBytes(encodeByCborg(items)) === hexOfBytes(bytes) &&
    sameValue(items, decodeByDagCbor(bytes)) &&
    sameValue(items, decodeByCborg(bytes));
  if (!agreed) throw new Error(`the oracles disagree about ${name}`);
  const id = hashBytes<'datum'>(bytes);
  return {
    name,
    requirement,
    operation,
    hex: hexOfBytes(bytes),
    id,
    ...(record.type in OBJECT_CLASS_NUMBERS ? { cid: cidOf('datum', id) } : {}),
    value,
    links: recordLinks(record).map((link) => ({ class: link.objectClass, id: link.id })),
  };
}
