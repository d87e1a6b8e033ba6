/** A run of marks that platforms may put in order in time proportional to the square of its length. */
const LONG_RUN = /\p{M}{33,}/gu;

/** Checks whether a text holds a run of marks that may be slow to normalise. */
export function hasLongRun(text: string): boolean {
  return text.search(LONG_RUN) >= 0;
}

/**
 * Returns a text of the same normal forms, in which long runs of marks are decomposed and in canonical order.
 *
 * Takes time proportional to the length of the text, as does normalising the result. The text must consist of
 * code points that Unicode 15.0 assigns.
 */
export function orderMarks(text: string): string {
  return text.replace(LONG_RUN, (run) => {
    const distinct = [...new Set(run)];
    const decomposed = new Map(distinct.map((mark) => [mark, [...mark.normalize('NFD')]]));
    const ranks = combiningRanks([...decomposed.values()].flat());
    let ordered = '';
    let byRank: string[] = [];
    const add = (mark: string): void => {
      const rank = ranks.get(mark);
      if (rank !== undefined) byRank[rank] = (byRank[rank] ?? '') + mark;
      else {
        // A mark that never moves, and over which no other one moves.
        ordered += byRank.join('') + mark;
        byRank = [];
      }
    };
    for (const mark of run) decomposed.get(mark)?.forEach(add);
    return ordered + byRank.join('');
  });
}

/** Returns the rank of each mark that moves; the platform only compares two marks. */
function combiningRanks(marks: readonly string[]): Map<string, number> {
  const distinct = [...new Set(marks)].filter(moves);
  distinct.sort((left, right) => Number(swap(left, right)) - Number(swap(right, left)));
  const ranks = new Map<string, number>();
  let rank = 0;
  distinct.forEach((mark, at) => {
    if (at > 0 && swap(mark, distinct[at - 1]!)) rank++;
    ranks.set(mark, rank);
  });
  return ranks;
}

/** Checks whether a mark has a combining class; U+0334 has the lowest one, and U+0301 a higher one. */
function moves(mark: string): boolean {
  return swap(mark, '\u0334') || swap('\u0301', mark);
}

/** Checks whether two marks in this order are not in canonical order. */
function swap(left: string, right: string): boolean {
  return left !== right && (left + right).normalize('NFD') === right + left;
}
