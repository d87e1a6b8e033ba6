import { isDmlError } from '@daggerml/object-model';
import type { RemoteFiles } from '../files/remote-files.ts';
import { readSince } from './read-snapshot.ts';
import type { StateMemory } from './state-memory.ts';

/**
 * Throws where a remote that is remembered is not there any more, or has lost CURRENT; what else keeps it from being read
 * is left to whoever uses it.
 *
 * @spec DML-REM-1883
 */
export async function assertKnown(
  files: RemoteFiles,
  memory: StateMemory,
  remoteName: string,
): Promise<void> {
  const recalled = await memory.recall();
  if (recalled === undefined) return;
  try {
    await readSince(files, recalled, remoteName);
  } catch (error) {
    if (isDmlError(error) && (error.detail === 'vanished' || error.detail === 'lost')) throw error;
  }
}
