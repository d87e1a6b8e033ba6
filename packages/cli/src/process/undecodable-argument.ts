import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';

/** Character by which the runtime replaces bytes that are not UTF-8. */
const REPLACEMENT = '\ufffd';

/**
 * Checks whether a text may have held bytes that are no UTF-8, as far as the text itself tells.
 *
 * @spec DML-CLI-0361
 */
export function mayBeReplaced(text: string): boolean {
  return text.includes(REPLACEMENT);
}

/**
 * Returns the place, from 1, of the first argument whose bytes are no UTF-8; undefined where there is none. Without the
 * command line as the system has it, an argument that holds U+FFFD counts as one.
 *
 * @spec DML-CLI-0360
 */
export function undecodableArgument(
  argv: readonly string[],
  commandLine: () => Uint8Array | undefined,
): number | undefined {
  if (!argv.some(mayBeReplaced)) return undefined;
  const words = wordsOf(commandLine()).slice(-argv.length);
  const at = argv.findIndex((argument, index) => {
    const word = words[index];
    return mayBeReplaced(argument) && (word === undefined || !isUtf8(word));
  });
  return at < 0 ? undefined : at + 1;
}

/** Returns the words of a command line, each of which ends with a null byte. */
function wordsOf(commandLine: Uint8Array = new Uint8Array()): Uint8Array[] {
  const words: Uint8Array[] = [];
  for (
    let from = 0, end = commandLine.indexOf(0);
    end >= 0;
    from = end + 1, end = commandLine.indexOf(0, from)
  )
    words.push(commandLine.subarray(from, end));
  return words;
}

/** Reads the command line of this process as the system has it; undefined where it does not tell. */
export function systemCommandLine(): Uint8Array | undefined {
  try {
    return readFileSync('/proc/self/cmdline');
  } catch {
    return undefined;
  }
}
