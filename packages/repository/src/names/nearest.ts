import { distance } from 'fastest-levenshtein';

/** Longest word that is compared; no name is longer. */
const MAX_WORD = 255;

/** Returns up to `limit` of the known words that a mistyped word most likely meant, nearest first. */
export function nearest(word: string, known: Iterable<string>, limit = 3): string[] {
  if (word.length > MAX_WORD) return [];
  // Two letters in the wrong order are two edits.
  const tolerance =
    word.length < 3 ? Math.max(0, word.length - 1) : Math.max(2, Math.floor(word.length * 0.4));
  return [...new Set(known)]
    .map((candidate) => ({
      candidate,
      edits: candidate.startsWith(word) ? 0 : distance(word, candidate),
    }))
    .filter(({ edits }) => edits <= tolerance)
    .sort((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}
