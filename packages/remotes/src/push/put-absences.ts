import { putNewFile } from '../files/put-new-file.ts';
import { type Absences, encodeAbsences } from '../format/absences.ts';
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
  const { name, put } = putNewFile(remote, 'absences', { epoch: state.epoch, bytes });
  await put;
  return name;
}
