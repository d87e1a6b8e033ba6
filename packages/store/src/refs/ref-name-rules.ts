import { canonicalName, nfcText } from '@daggerml/object-model';

/** The rule that a name breaks which a new ref may not have. */
export type RefNameRule =
  | 'part_empty'
  | 'part_dot'
  | 'part_lock'
  | 'two_dots'
  | 'last_dot'
  | 'at_brace'
  | 'character'
  | 'reserved'
  | 'first_dash'
  | 'like_an_id';

/** A broken rule, with the character that is not allowed where it is about one. */
export interface BrokenRule {
  readonly rule: RefNameRule;
  readonly character?: string;
}

const RULES: readonly (readonly [RefNameRule, RegExp])[] = [
  // A name that begins like a ref in full could mean two refs.
  ['reserved', /^(?:@$|HEAD$|(?:refs|heads|tags|remotes|index|exec|references)\/)/],
  ['part_empty', /^\/|\/$|\/\//],
  ['two_dots', /\.\./],
  ['part_dot', /(?:^|\/)\./],
  ['part_lock', /\.lock(?:\/|$)/],
  ['last_dot', /\.$/],
  ['at_brace', /@\{/],
  ['character', /[ ~^:?*[\\#]/],
  ['first_dash', /^-/],
  // From as many digits on as ids are printed with: no branch hides an id that somebody copied.
  ['like_an_id', /^[0-9a-fA-F]{12,64}$/],
];
const NO_PART_OF_A_NAME = /(?:[\u0000-\u0020\u007f-\u009f~^:?*[\\#{}]|@\{)+/g;
/** Longest name that is proposed; shorter than the longest name there may be. */
const MAX_SUGGESTION_UNITS = 80;

/** Returns the first rule that a name breaks, undefined for one that a new ref may have. */
export function brokenRule(name: string): BrokenRule | undefined {
  const [rule, pattern] = RULES.find(([, broken]) => broken.test(name)) ?? [];
  if (rule === undefined) return undefined;
  return { rule, ...(rule === 'character' && { character: pattern?.exec(name)?.[0] ?? '' }) };
}

/**
 * Returns a name that a new ref may have and that resembles the one given.
 *
 * @spec DML-STO-0321
 */
export function suggestedName(name: string): string {
  const resembling = nfcText(name.slice(0, MAX_SUGGESTION_UNITS).toWellFormed())
    .replace(/^(?:(?:refs|heads|tags|remotes|index|exec|references)\/)+/, '')
    .replace(NO_PART_OF_A_NAME, '-')
    .replace(/\.{2,}/g, '.')
    .split('/')
    .map((part) => part.replace(/^[.-]+/, '').replace(/(?:\.lock|[.-])+$/, ''))
    .filter((part) => part !== '')
    .join('/');
  if (resembling === '') return 'branch';
  const candidates = [resembling, `branch-${resembling}`];
  return candidates.find((text) => isName(text) && brokenRule(text) === undefined) ?? 'branch';
}

function isName(text: string): boolean {
  try {
    return canonicalName(text) === text;
  } catch {
    return false;
  }
}
