import type { CommandContext } from '../invocation/command.ts';
import { knownFolder } from './current-folder.ts';

/**
 * Carries out the work of a command and closes what it needed, however it ended. What is done stays done: a failure
 * of the closing is reported as a warning, and the outcome of the command is that of its work.
 */
export async function thenClose<T>(
  { io, output }: Pick<CommandContext, 'io' | 'output'>,
  work: () => T | Promise<T>,
  close: () => Promise<void>,
): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // @spec DML-CLI-0552
    await close().catch(() => {});
    throw error;
  }
  try {
    await close();
  } catch (error) {
    const { describeError } = await import('../wording/error-report.ts');
    // @spec DML-CLI-0551
    output.note(
      `${output.noteStyle('yellow', 'warning:')} ${output.safe(describeError(error, knownFolder(io)).message)}`,
    );
  }
  return result;
}
