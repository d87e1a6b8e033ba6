/** The shape of a requirement id, for embedding into other patterns. */
export const ID_PATTERN = 'DML-[A-Z]+-\\d{4}';

const ID_ANYWHERE = new RegExp(`(?<![\\w-])${ID_PATTERN}(?![\\w-])`, 'g');
const TRAILING_CITATIONS = new RegExp(`((?:\\s*\\[${ID_PATTERN}\\])+)\\s*$`);

/** Lists the distinct ids a text mentions, in order of first mention. */
export function idsIn(text: string): string[] {
  return [...new Set(text.match(ID_ANYWHERE) ?? [])];
}

/** Citation in the title of a leaf test. */
export interface TitleCitation {
  /** The title without the ids that end it. */
  readonly title: string;
  /** The ids that end the title. */
  readonly cited: readonly string[];
  /** Ids that stand elsewhere in the title and therefore cite nothing. */
  readonly misplaced: readonly string[];
}

/**
 * Splits a leaf test title into its words, white space collapsed, and the ids that end it.
 *
 * @spec DML-TRC-0401
 */
export function parseTitle(fullTitle: string): TitleCitation {
  const tail = TRAILING_CITATIONS.exec(fullTitle);
  const title = fullTitle.slice(0, tail?.index).replace(/\s+/g, ' ').trim();
  return { title, cited: idsIn(tail?.[1] ?? ''), misplaced: idsIn(title) };
}
