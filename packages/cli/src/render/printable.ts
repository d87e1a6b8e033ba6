import { replaceTerminalControls } from '@daggerml/object-model';

/**
 * Escapes what could steer a terminal in text from a repository.
 *
 * @spec DML-CLI-0410
 * @spec DML-EXE-1409
 */
export function printable(text: string): string {
  return replaceTerminalControls(text.replaceAll('\n', '\\n').replaceAll('\t', '\\t'));
}

/** Line ends, tabs and the codes of the styles that `Output` gives, each of which is let through. */
const LET_THROUGH = /(\r?\n|\t)/;
const PLAIN_LINES = /^[\u0020-\u007e\n\t]*$/;
const LET_THROUGH_STYLED = /(\r?\n|\t|\u001b\[(?:[12]|22|3[1236]|39)m)/;

/** Escapes what is left of terminal controls in text that is laid out already; `styled` text keeps its colours. */
export function escapeLaidOut(text: string, styled: boolean): string {
  return PLAIN_LINES.test(text) ? text : escapePieces(text, styled);
}

function escapePieces(text: string, styled: boolean): string {
  return text
    .split(styled ? LET_THROUGH_STYLED : LET_THROUGH)
    .map((piece, at) => (at % 2 === 1 ? piece : replaceTerminalControls(piece)))
    .join('');
}
