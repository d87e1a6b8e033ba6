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

/** Lists up to `limit` known ids that are nearest to a wrong one by edit distance, nearest first. */
export function nearestIds(wrong: string, known: readonly string[], limit = 3): string[] {
  const upper = wrong.toUpperCase();
  return known
    .map((candidate) => ({ candidate, distance: editDistance(upper, candidate) }))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replace = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const insert = (current[column - 1] ?? 0) + 1;
      const remove = (previous[column] ?? 0) + 1;
      current.push(Math.min(replace, insert, remove));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
