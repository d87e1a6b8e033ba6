/** The level of a requirement: an RFC 2119 keyword in capitals, or `NORM` for a statement pinned by hand. */
export type Level = (typeof BINDING)[number] | (typeof OPTIONAL)[number];

const BINDING = ['MUST', 'MUST NOT', 'SHALL', 'SHALL NOT', 'REQUIRED', 'NORM'] as const;
const OPTIONAL = ['SHOULD', 'SHOULD NOT', 'RECOMMENDED', 'NOT RECOMMENDED', 'MAY', 'OPTIONAL'] as const;
const LEVELS: readonly string[] = [...BINDING, ...OPTIONAL];

const KEYWORD =
  /(?<![\w-])(?:(?:MUST|SHALL|SHOULD)(?: NOT)?|(?:NOT )?RECOMMENDED|REQUIRED|MAY|OPTIONAL)(?![\w-])/g;

/** Lists every keyword of a prose text, repeats included; code must have been left out before. */
export function keywordsIn(prose: string): Level[] {
  return (prose.replace(/\s+/g, ' ').match(KEYWORD) ?? []) as Level[];
}

/** Checks whether a requirement of this level has to be verified. */
export function isBinding(level: Level): boolean {
  return BINDING.some((binding) => binding === level);
}

/** Checks whether a text is a level; used when the index is read back. */
export function isLevel(text: string): text is Level {
  return LEVELS.includes(text);
}
