import { hashBytes } from '@daggerml/object-model';
import { readSections } from '../cache/read-sections.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import { type Absence, absenceOf, MAX_ABSENCES_BYTES } from '../format/absences.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment.ts';
import { readIfPlain } from './readable-records.ts';

/** Returns the tombstones and stubs of a damaged file of absences that can be read. */
export async function readAbsenceRecords(files: RemoteFiles, path: string): Promise<Absence[]> {
  const bytes = await readIfPlain(files, path, { offset: 0, length: MAX_ABSENCES_BYTES });
  const records = bytes === undefined ? [] : [...readSections(bytes.subarray(SEGMENT_HEADER_BYTES))];
  return records.flatMap((record) =>
    hashBytes(record.bytes) === record.id ? (absenceIn(Uint8Array.from(record.bytes)) ?? []) : [],
  );
}

function absenceIn(bytes: Uint8Array): Absence | undefined {
  try {
    return absenceOf(bytes);
  } catch {
    return undefined;
  }
}
