import {
  type AnyRecord,
  type BuiltinExec,
  canonicalName,
  canonicalReservedUri,
  checkMapKey,
  checkRefName,
  checkSchema,
  checkText,
  compareUtf8,
  type Datum,
  DmlError,
  decodeKeyName,
  decodeRecord,
  elementOf,
  encodeElement,
  encodeKeyName,
  encodeRecord,
  executionKey,
  hashBytes,
  type MapDatum,
  type RecordType,
  readDirectory,
  recordLinks,
  scanLinks,
  writeIdBytes,
} from '../src/index.ts';
import { MemoryObjects } from './support/memory-objects.ts';
import { bytesOfVector, hexOfBytes, textOfVector, type VectorCase, type VectorError } from './vector-case.ts';
import { cidOf, jsonOfRecord, recordOfJson } from './vector-json.ts';

/** Runs a golden vector; returns the fault, undefined when there is none. Needs no test runner. */
export function runCase(vector: VectorCase): string | undefined {
  const operation = OPERATIONS[vector.operation];
  if (operation === undefined) return `unknown operation ${vector.operation}`;
  if (vector.error !== undefined && !NAMED_ERRORS.has(vector.operation)) {
    return expectError(vector.error, () => operation(vector));
  }
  return operation(vector);
}

type Operation = (vector: VectorCase) => string | undefined;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  record: runRecord,
  decode: ({ hex, expected }) => {
    decodeRecord(bytesOfVector(hex!), expected as RecordType | undefined);
    return 'accepted';
  },
  encode: ({ value }) => {
    encodeRecord(recordOfJson(value));
    return 'accepted';
  },
  text: canonicalise(checkText),
  name: canonicalise(canonicalName),
  mapKey: canonicalise(checkMapKey),
  uri: canonicalise(canonicalReservedUri),
  reservedUri: canonicalise(canonicalReservedUri),
  id: canonicalise((text) => {
    writeIdBytes(text, new Uint8Array(32), 0);
    return text;
  }),
  refName: canonicalise(checkRefName),
  keyName: runKeyName,
  order: runOrder,
  executionKey: runExecutionKey,
  schema: ({ value, highest }) => {
    checkSchema(recordOfJson(value) as Datum, highest!, new MemoryObjects());
    return undefined;
  },
  readDirectory: ({ value, datums }) => {
    const objects = new MemoryObjects();
    for (const datum of datums ?? []) objects.putDatum(encodeRecord(recordOfJson(datum)));
    return [...readDirectory((recordOfJson(value) as MapDatum).root, objects)].length > 0
      ? undefined
      : 'empty';
  },
  inline: runInline,
};

/** Operations that look at the error themselves. */
const NAMED_ERRORS: ReadonlySet<string> = new Set(['keyName']);

function canonicalise(operation: (text: string) => string): Operation {
  return ({ input, output }) => {
    const text = textOfVector(input!);
    const first = operation(text);
    if (first !== output) return `yielded ${first}`;
    const again = operation(first);
    return again === first ? undefined : `not stable: ${again}`;
  };
}

function runRecord(vector: VectorCase): string | undefined {
  const bytes = bytesOfVector(vector.hex!);
  const record = decodeRecord(bytes);
  const json = jsonOfRecord(record);
  const fromJson: AnyRecord = recordOfJson(vector.value);
  return (
    compare('JSON', json, vector.value) ??
    compare('hex of decoded', hexOfBytes(encodeRecord(record)), hexOfBytes(bytes)) ??
    compare('hex of JSON', hexOfBytes(encodeRecord(fromJson)), hexOfBytes(bytes)) ??
    compare('id', hashBytes(bytes), vector.id) ??
    compare('links', listLinks(record), vector.links) ??
    compare('scanned links', scannedLinks(bytes), vector.links) ??
    (vector.cid === undefined ? undefined : compare('cid', cidOf('datum', vector.id!), vector.cid))
  );
}

function listLinks(record: AnyRecord): unknown {
  return recordLinks(record).map((link) => ({ class: link.objectClass, id: link.id }));
}

function scannedLinks(bytes: Uint8Array): unknown {
  const links: unknown[] = [];
  scanLinks(bytes, (objectClass, at) => {
    links.push({ class: objectClass, id: hexOfBytes(bytes.subarray(at, at + 32)) });
  });
  return links;
}

function runKeyName(vector: VectorCase): string | undefined {
  if (vector.error !== undefined) return expectError(vector.error, () => decodeKeyName(vector.key!));
  const name = textOfVector(vector.input!);
  return (
    compare('key', encodeKeyName(name), vector.key) ??
    compare('name', decodeKeyName(vector.key!), canonicalName(name))
  );
}

function runExecutionKey({ function: functionId, inputs, key }: VectorCase): string | undefined {
  const of = { '/': cidOf('datum', functionId!) };
  const head = { type: 'exec', nodeKind: 'builtin', node: of, function: of };
  const exec = recordOfJson({ ...head, inputs, status: 'ok', result: of }) as BuiltinExec;
  return compare('key', executionKey(exec.functionDatumId, exec.inputs), key);
}

function runOrder({ keys }: VectorCase): string | undefined {
  for (let at = 1; at < keys!.length; at++) {
    if (compareUtf8(keys![at - 1]!, keys![at]!) >= 0) return `${at - 1} is not before ${at}`;
    if (compareUtf8(keys![at]!, keys![at - 1]!) <= 0) return `${at} is not after ${at - 1}`;
  }
  return undefined;
}

function runInline(vector: VectorCase): string | undefined {
  const datum = recordOfJson(vector.value) as Datum;
  let wasPut = false;
  const element = elementOf(datum, (bytes) => {
    wasPut = true;
    return hashBytes<'datum'>(bytes);
  });
  return (
    compare('inline', !wasPut, vector.inline) ??
    compare('element', hexOfBytes(encodeElement(element)), hexOfBytes(bytesOfVector(vector.hex!)))
  );
}

function expectError(expected: VectorError, run: () => unknown): string | undefined {
  try {
    const result = run();
    return `no error, but ${String(result)}`;
  } catch (error) {
    if (!(error instanceof DmlError)) return `threw ${String(error)}`;
    return (
      compare('code', error.code, expected.code) ??
      compare('detail', error.detail, expected.detail) ??
      compare('record type', error.recordType, expected.recordType)
    );
  }
}

function compare(what: string, actual: unknown, expected: unknown): string | undefined {
  const left = JSON.stringify(actual);
  const right = JSON.stringify(expected);
  return left === right ? undefined : `${what}: ${left} instead of ${right}`;
}
