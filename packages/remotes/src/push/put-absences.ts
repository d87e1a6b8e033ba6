import { type Absences, encodeAbsences } from '../format/absences.ts';
import { filePath, hashInName, NONCE_BYTES, newFileName } from '../format/file-path.ts';
import type { RemoteState } from '../format/state.ts';
import type { Remote } from '../remote.ts';

/** Returns the name of the file of absences for the next state, which is put where it is another one than before. */
export async function putAbsences(
  remote: Remote,
  absences: Absences,
  { before, state }: { readonly before: Absences; readonly state: Pick<RemoteState, 'absences' | 'epoch'> },
): Promise<string | null> {
  const bytes = encodeAbsences(absences);
  if (bytes.equals(encodeAbsences(before))) return state.absences;
  const file = newFileName(state.epoch, bytes, remote.randomBytes(NONCE_BYTES));
  await remote.files.put(filePath('absences', file), bytes, hashInName(file));
  return file;
}
