/**
 * What steers a terminal or turns the order in which text is read: controls of both kinds, line and paragraph
 * separators, marks of text direction, and the mark of byte order, which nobody sees.
 *
 * @spec DML-OBJ-2306
 */
const STEERING = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Replaces every character of a text that could steer a terminal; by its escape, such as `\u001b`, unless told
 * otherwise. Whoever prints text that others wrote uses this, so that all agree on what is harmless.
 */
export function replaceSteering(
  text: string,
  replacement: (character: string) => string = unicodeEscape,
): string {
  return text.replace(STEERING, replacement);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
