const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** Control and direction characters that JSON text may hold as they are; its own line ends are not among them. */
const IN_JSON = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Escapes control and direction characters, so that text from a repository cannot steer a terminal.
 *
 * @spec DML-CLI-0410
 */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) =>
    character === '\n' ? '\\n' : character === '\t' ? '\\t' : unicodeEscape(character),
  );
}

/** Escapes the same characters in JSON text; what it says stays the same. */
export function escapeJson(json: string): string {
  return json.replace(IN_JSON, unicodeEscape);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
