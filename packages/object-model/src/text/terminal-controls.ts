/**
 * Blocks of the symbols that terminals draw as emoji: arrows, technical and geometric shapes,
 * dingbats and the like, and the blocks of pictographs.
 */
const SYMBOL =
  '[\\u00a9\\u00ae\\u203c\\u2049\\u2122\\u2139\\u2190-\\u23ff\\u2460-\\u27bf\\u2900-\\u297f\\u2b00-\\u2bff' +
  '\\u3030\\u303d\\u3297\\u3299\\u{1f000}-\\u{1faff}]';
/** The selector of the drawn form behind a symbol or in a keycap, and the joiner between two symbols. */
const OUTSIDE_OF_EMOJI = [
  `(?<!${SYMBOL})(?<![0-9#*](?=\\ufe0f\\u20e3))\\ufe0f`,
  `(?<!${SYMBOL}\\ufe0f?)\\u200d`,
  `\\u200d(?!${SYMBOL})`,
];
/** Controls, formats, line and paragraph separators, what is drawn as nothing, noncharacters, lone surrogates. */
const ANYWHERE = [
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2',
  '\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b\\u200c\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164',
  '\\ud800-\\udfff\\ufdd0-\\ufdef\\ufe00-\\ufe0e\\ufeff\\uffa0\\ufff0-\\ufffb\\ufffe\\uffff',
  '\\u{110bd}\\u{110cd}\\u{13430}-\\u{1343f}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}',
  ...Array.from(
    { length: 16 },
    (_, plane) => `\\u{${(plane + 1).toString(16)}fffe}\\u{${(plane + 1).toString(16)}ffff}`,
  ),
].join('');

/** @spec DML-OBJ-2320 DML-OBJ-2321 */
const TERMINAL_CONTROL = new RegExp(`[${ANYWHERE}]|${OUTSIDE_OF_EMOJI.join('|')}`, 'gu');
/** Most texts, recognised without the long pattern. */
const PLAIN = /^[\u0020-\u007e]*$/;

/**
 * Replaces every character of a text that steers a terminal or that nobody sees; by its escape, such as `\u001b`,
 * by default. Whoever prints text that others wrote uses this, so that all agree on what is harmless.
 */
export function replaceTerminalControls(
  text: string,
  replacement: (character: string) => string = unicodeEscape,
): string {
  return PLAIN.test(text) ? text : text.replace(TERMINAL_CONTROL, replacement);
}

/** Returns the escape of JSON and JavaScript, one for each UTF-16 unit. */
function unicodeEscape(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}

/** Returns JSON text in which nothing but its own line ends could steer a terminal; its values are the same. */
export function escapeJson(json: string): string {
  return json
    .split('\n')
    .map((line) => replaceTerminalControls(line))
    .join('\n');
}
