import { hashBytes, type ObjectId } from '@daggerml/object-model';
import { absenceOf, decodeAbsences, encodeAbsences, withAbsences } from '../src/format/absences.ts';
import { canonicalJson } from '../src/format/canonical-json.ts';
import { decodeCurrent, encodeCurrent } from '../src/format/current.ts';
import { decodeExecRef, encodeExecRef } from '../src/format/exec-ref.ts';
import { checkHash, newFileName } from '../src/format/file-path.ts';
import { IndexObject, IndexRows } from '../src/format/index-object.ts';
import { recordAt, SegmentWriter } from '../src/format/segment.ts';
import { decodeState, encodeState } from '../src/format/state.ts';
import { isSignedBy, publicationPayload } from '../src/signatures/publication-signature.ts';
import {
  type AbsencesCase,
  bytesOfVector,
  type GroupCase,
  type IndexObjectCase,
  type JsonCase,
  type PublicationCase,
  type VectorCase,
} from './vector-case.ts';

const REMOTE = 'vectors';
const ORIGIN = { remote: REMOTE, path: 'vectors' };

/**
 * Reads the bytes of a vector; throws the error of their refusal. Returns what was read, and what writing it again gives,
 * in the notation of the vector.
 */
export async function runCase(vector: VectorCase): Promise<unknown> {
  switch (vector.operation) {
    case 'current':
    case 'state':
    case 'execRef':
      return runJson(vector);
    case 'indexObject':
      return runIndexObject(vector);
    case 'group':
      return runGroup(vector);
    case 'absences':
      return await runAbsences(vector);
    case 'record':
      return void recordAt(bytesOfVector(vector.hex), vector, ORIGIN);
    case 'publication':
      return runPublication(vector);
    case 'file':
      return void checkHash(vector.path, bytesOfVector(vector.hex), REMOTE);
  }
}

/** Returns what `runCase` returns for a vector that holds. */
export function expectedOf(vector: VectorCase): unknown {
  switch (vector.operation) {
    case 'current':
    case 'state':
    case 'execRef':
      return { text: vector.text, file: vector.file, value: vector.value };
    case 'indexObject':
      return { hex: vector.hex, segments: vector.segments, rows: vector.rows };
    case 'group':
      return { segments: vector.segments, index: vector.index };
    case 'publication':
      return { payload: vector.payload, signed: vector.signed };
    case 'absences':
      return { hex: vector.hex, records: vector.records };
    default:
      return undefined;
  }
}

function runJson({ operation, text, hex, file }: JsonCase): unknown {
  const bytes = hex === undefined ? Buffer.from(text ?? '', 'utf8') : bytesOfVector(hex);
  if (operation === 'current') {
    const current = decodeCurrent(bytes, REMOTE);
    return { text: encodeCurrent(current).toString('utf8'), file, value: { format: 1, ...current } };
  }
  if (operation === 'execRef') {
    const written = encodeExecRef(decodeExecRef(bytes, file ?? '', REMOTE)).toString('utf8');
    return { text: written, file, value: JSON.parse(written) };
  }
  const state = decodeState(bytes, file ?? '', REMOTE);
  const { name, bytes: written } = encodeState(state);
  const value: unknown = JSON.parse(canonicalJson({ format: 1, ...state } as never).toString('utf8'));
  return { text: written.toString('utf8'), file: name, value };
}

function runIndexObject({ hex }: IndexObjectCase): unknown {
  const index = IndexObject.parse(bytesOfVector(hex), ORIGIN);
  const rows = Array.from({ length: index.count }, (_, number) => index.row(number));
  const packed = new IndexRows();
  for (const row of [...rows].reverse()) packed.add(row.class, row.id, row);
  for (const { class: objectClass, id, ...position } of rows) {
    const found = index.find(objectClass, id);
    if (JSON.stringify(found) !== JSON.stringify(position)) throw new Error(`the row of ${id} is not found`);
  }
  return { hex: packed.encode(index.segments).bytes.toString('hex'), segments: index.segments, rows };
}

function runGroup({ epoch, segmentBytes, nonces, objects }: GroupCase): unknown {
  const rows = new IndexRows();
  const writer = new SegmentWriter(rows, segmentBytes);
  const written: (Buffer | undefined)[] = objects.map(({ class: objectClass, hex }) => {
    const bytes = Buffer.from(hex, 'hex');
    return writer.add({ class: objectClass, id: hashBytes(bytes) as ObjectId, bytes });
  });
  written.push(writer.finish());
  const segments = written
    .filter((bytes) => bytes !== undefined)
    .map((bytes, number) => ({
      file: newFileName(epoch, bytes, Buffer.from(nonces[number] ?? '', 'hex')),
      hex: bytes.toString('hex'),
    }));
  return { segments, index: rows.encode(segments.map(({ file }) => file)).bytes.toString('hex') };
}

function runPublication({ published, value }: PublicationCase): unknown {
  const payload = publicationPayload({ ...value, name: published });
  return { payload, signed: isSignedBy(value.domain, payload, value.sig) };
}

async function runAbsences({ hex }: AbsencesCase): Promise<unknown> {
  const bytes = bytesOfVector(hex);
  const read = [...(await decodeAbsences(bytes, ORIGIN)).values()];
  const records = read.map((absence) => Buffer.from(absence.bytes).toString('hex'));
  const again = records.reverse().flatMap((record) => absenceOf(Buffer.from(record, 'hex')) ?? []);
  return {
    hex: encodeAbsences(withAbsences(new Map(), again)).toString('hex'),
    records: records.reverse(),
  };
}
