/** Most texts: as many columns as characters. */
const PLAIN = /^[\u0020-\u007e]*$/;
/** Characters drawn onto the one before, or joining two to one. */
const OVERLAID = /[\p{Mn}\p{Me}\u200d]/u;
/** Characters of two columns: the scripts of East Asia, full-width forms, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
/** Makes a narrow symbol before it wide. */
const DRAWN_FORM = '\ufe0f';

/** Returns the columns that a terminal needs for a text, where it differs from others the larger number. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const { width } of measured(text)) columns += width;
  return columns;
}

/** Returns the longest beginning of a text that fits into the columns, no character parted. */
export function cutToWidth(text: string, columns: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, columns));
  let room = columns;
  let shown = '';
  for (const { character, width } of measured(text)) {
    room -= width;
    if (room < 0) break;
    shown += character;
  }
  return shown;
}

const STYLE_CODE = /(\u001b\[[0-9;]*m)/;

/** Returns the beginning of a text that fits into the columns; the codes of styles take none and stay. */
export function cutStyled(text: string, columns: number): string {
  let room = columns;
  return text
    .split(STYLE_CODE)
    .map((piece, at) => {
      if (at % 2 === 1) return piece;
      const shown = cutToWidth(piece, room);
      room -= displayWidth(shown);
      return shown;
    })
    .join('');
}

/** Yields each character with the columns that it adds. */
function* measured(text: string): Generator<{ readonly character: string; readonly width: number }> {
  let before = 0;
  for (const character of text) {
    let width = WIDE.test(character) ? 2 : 1;
    if (character === DRAWN_FORM) width = before === 1 ? 1 : 0;
    else if (OVERLAID.test(character)) width = 0;
    yield { character, width };
    before = width;
  }
}
