/** The shape of a requirement id, for embedding into other patterns. */
export const ID_PATTERN = 'DML-[A-Z]+-\\d{4}';

const ID_ANYWHERE = new RegExp(`(?<![\\w-])${ID_PATTERN}(?![\\w-])`, 'g');
const TRAILING_CITATIONS = new RegExp(`((?:\\s*\\[${ID_PATTERN}\\])+)\\s*$`);

/** Lists the distinct ids a text mentions, in order of first mention. */
export function idsIn(text: string): string[] {
  return [...new Set(text.match(ID_ANYWHERE) ?? [])];
}

/** One `@spec` of a comment: the ids it cites and where it stands in the text. */
export interface OwnerCitation {
  readonly ids: readonly string[];
  readonly index: number;
}

const CITATION = new RegExp(`@spec((?:[ \\t,]+${ID_PATTERN})+)`, 'g');

/** Lists what looks like the citation of an owner in a text, whether in a comment or not. */
export function citationsIn(text: string): OwnerCitation[] {
  return [...text.matchAll(CITATION)].map(({ index, 1: ids = '' }) => ({ ids: idsIn(ids), index }));
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
  const words = tail === null ? fullTitle : fullTitle.slice(0, tail.index);
  const title = words.replace(/\s+/g, ' ').trim();
  const cited = tail === null ? [] : idsIn(tail[1] ?? '');
  return { title, cited, misplaced: idsIn(title) };
}

/** Lists up to `limit` known ids that begin most like a wrong one. */
export function nearestIds(wrong: string, known: readonly string[], limit = 3): string[] {
  const upper = wrong.toUpperCase();
  return [...known].sort((a, b) => sharedLength(b, upper) - sharedLength(a, upper)).slice(0, limit);
}

function sharedLength(a: string, b: string): number {
  const end = [...a].findIndex((character, at) => character !== b[at]);
  return end < 0 ? a.length : end;
}
