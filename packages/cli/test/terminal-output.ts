/** Characters that no output may hold: terminal controls other than a line feed. */
export const CONTROL =
  /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u;

/** An emoji whose selectors and joiners are kept. */
const EMOJI =
  /[0-9#*]\ufe0f\u20e3|\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?(?:\u200d\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?)*/gu;
/** Codes that `dml` itself sends to a terminal: styles, and the beginning of a rewritten block. */
const OWN_CODES = /\u001b\[(?:[12]|22|3[1236]|39)m|\r(?:\u001b\[\d+A)?\u001b\[J/g;

/** Returns what was printed without what may be printed: codes of `dml` itself, tabs, line ends, emoji. */
export function withoutOwnCodes(printed: string): string {
  return printed
    .replace(OWN_CODES, '')
    .replace(EMOJI, '')
    .replace(/\r\n|\t/g, ' ');
}
