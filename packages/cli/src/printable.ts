// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is searched for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Escapes control and direction characters, so that text from a repository cannot steer a terminal.
 *
 * @spec DML-CLI-0410
 */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) =>
    character === '\n' ? '\\n' : character === '\t' ? '\\t' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
