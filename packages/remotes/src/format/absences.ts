import { decodeRecord, hashBytes, type StubRecord, type TombstoneRecord } from '@daggerml/object-model';
import { DAG_CBOR, encodeHead, encodeSection, readCar } from '@daggerml/store';
import { remoteError } from '../errors.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import { checkHash, filePath } from './file-path.ts';
import type { Link } from './link.ts';
import type { FileOrigin } from './read-json.ts';

/** An object that is excised or withheld, as the record that stands for it says. */
export interface Absence {
  readonly record: TombstoneRecord | StubRecord;
  readonly bytes: Uint8Array;
}

/** Absences by class and id of the object; the tombstone of one object goes before its stub. */
export type Absences = ReadonlyMap<string, Absence>;

/** Most bytes of a file of absences. */
export const MAX_ABSENCES_BYTES: number = 64 * 2 ** 20;

/** Returns the key of an object among absences. */
export function absenceKey(objectClass: string, objectId: string): string {
  return `${objectClass}/${objectId}`;
}

/** Checks whether an object has a tombstone among absences. */
export function isExcised(absences: Absences, { class: objectClass, id }: Link): boolean {
  return absences.size > 0 && absences.get(absenceKey(objectClass, id))?.record.type === 'tombstone';
}

/** Returns absences with others added; a tombstone stays whatever is added. */
export function withAbsences(present: Absences, added: Iterable<Absence>): Absences {
  const all = new Map(present);
  for (const absence of added) {
    const key = absenceKey(absence.record.objectClass, absence.record.objectId);
    const before = all.get(key);
    if (before === undefined || (before.record.type === 'stub' && absence.record.type === 'tombstone'))
      all.set(key, absence);
  }
  return all;
}

/** Returns the record that stands for an object, read from a section; undefined for any other record. */
export function absenceOf(bytes: Uint8Array): Absence | undefined {
  const record = decodeRecord(bytes);
  return record.type === 'tombstone' || record.type === 'stub' ? { record, bytes } : undefined;
}

/** Returns the bytes of a file of absences: a CARv1 file, sorted by the ids of its records. */
export function encodeAbsences(absences: Absences): Buffer {
  const sections = [...absences.values()].map(({ bytes }) => ({ id: hashBytes(bytes), bytes }));
  sections.sort((left, right) => (left.id < right.id ? -1 : 1));
  return Buffer.concat([
    encodeHead([]),
    ...sections.map(({ id, bytes }) => encodeSection({ codec: DAG_CBOR, id }, bytes)),
  ]);
}

/** Reads the absences that a state names; throws `remote_damaged`. */
export async function readAbsences(files: RemoteFiles, file: string | null): Promise<Absences> {
  if (file === null) return new Map();
  const path = filePath('absences', file);
  const origin = { remote: files.name, path };
  const bytes = await files.read(path);
  if (bytes === undefined) throw remoteError('remote_damaged', { ...origin, detail: 'missing' });
  if (bytes.length > MAX_ABSENCES_BYTES) throw remoteError('remote_damaged', { ...origin, detail: 'length' });
  checkHash(path, bytes, files.name);
  return await decodeAbsences(bytes, origin);
}

/** Reads a file of absences, whose hash is the caller's to check; throws `remote_damaged`. */
export async function decodeAbsences(bytes: Uint8Array, origin: FileOrigin): Promise<Absences> {
  const read: Absence[] = [];
  let cause: unknown;
  try {
    const car = await readCar([bytes]);
    for await (const section of car.sections) {
      const absence = absenceOf(section.bytes);
      if (absence !== undefined) read.push(absence);
    }
  } catch (error) {
    cause = error;
  }
  const absences = withAbsences(new Map(), read);
  // There is one form of them. @spec DML-REM-0517
  if (cause !== undefined || !encodeAbsences(absences).equals(bytes))
    throw remoteError('remote_damaged', { ...origin, detail: 'absences' }, cause);
  return absences;
}
