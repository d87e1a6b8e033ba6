/** An RFC 2119 keyword in capitals. */
export type Keyword =
  | 'MUST'
  | 'MUST NOT'
  | 'SHALL'
  | 'SHALL NOT'
  | 'REQUIRED'
  | 'SHOULD'
  | 'SHOULD NOT'
  | 'RECOMMENDED'
  | 'NOT RECOMMENDED'
  | 'MAY'
  | 'OPTIONAL';

/** The level of a requirement: its keyword, or `NORM` for a statement pinned by hand. */
export type Level = Keyword | 'NORM';

const KEYWORD =
  /(?<![\w-])(MUST NOT|MUST|SHALL NOT|SHALL|SHOULD NOT|SHOULD|NOT RECOMMENDED|RECOMMENDED|REQUIRED|MAY|OPTIONAL)(?![\w-])/g;

const BINDING: ReadonlySet<string> = new Set(['MUST', 'MUST NOT', 'SHALL', 'SHALL NOT', 'REQUIRED', 'NORM']);

/** Lists every keyword of a prose text, repeats included; code must have been left out before. */
export function keywordsIn(prose: string): Keyword[] {
  return (prose.replace(/\s+/g, ' ').match(KEYWORD) ?? []) as Keyword[];
}

/** Returns whether a requirement of this level has to be verified. */
export function isBinding(level: Level): boolean {
  return BINDING.has(level);
}

/** Returns whether a text is a level; used when the index is read back. */
export function isLevel(text: string): text is Level {
  return text === 'NORM' || (keywordsIn(text).length === 1 && keywordsIn(text)[0] === text);
}
