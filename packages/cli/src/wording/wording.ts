import { formatMessage, replaceTerminalControls } from '@daggerml/object-model';

const CONTROL_MARK = /\u0000/;
const PLAIN_WORD = /^[\w.,:/@%+=-][\w.,:/@%+=~#-]*$/;
const FIELD = /\{(\w+)\}/g;

/** Fills in a hint; what stands in a command that it proposes is quoted for a shell. */
export function fillIn(template: string, fields: Readonly<Record<string, unknown>>): string {
  return formatMessage(template, fields, commandOf).trim();
}

/** Returns a command as it can be typed, from its template. */
function commandOf(template: string, textOf: (field: string) => string): string {
  let isAfterOptions = false;
  return template.replace(FIELD, (_, field: string, at: number) => {
    const text = textOf(field);
    // Words of dml itself need no quotes.
    if (field === 'command') return text;
    const isLikeOption = text.startsWith('-') && template[at - 1] === ' ' && !isAfterOptions;
    isAfterOptions ||= isLikeOption;
    return isLikeOption ? `-- ${shellWord(text)}` : shellWord(text);
  });
}

/**
 * Returns a word quoted for a shell. Where a character would be printed as an escape, its bytes stand as escapes that
 * the shell knows.
 *
 * @spec DML-CLI-0412 DML-CLI-0660
 */
export function shellWord(text: string): string {
  if (PLAIN_WORD.test(text)) return text;
  if (!CONTROL_MARK.test(replaceTerminalControls(text, () => '\u0000')))
    return `'${text.replaceAll("'", "'\\''")}'`;
  return `$'${replaceTerminalControls(text.replace(/[\\']/g, '\\$&'), byteEscapes)}'`;
}

function byteEscapes(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
