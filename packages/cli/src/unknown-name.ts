import { cliError } from './cli-error.ts';
import { nearest } from './nearest.ts';

/** What a name that stands for nothing is told apart by. */
export interface UnknownName {
  readonly name: string;
  /** The part of the name that is not known; its beginning up to a sign by default. */
  readonly word?: string;
  /** What was looked for, where only one thing was. */
  readonly detail?: 'ref' | 'branch' | 'dag' | 'node' | 'history';
  /** What it was looked for in. */
  readonly inside?: string;
  readonly known: readonly string[];
}

/** Returns the error of a name that stands for nothing, with the nearest known ones. @spec DML-CLI-0604 */
export function unknownName({ name, word, detail, inside = '', known }: UnknownName): Error {
  const words = word === undefined ? [name, name.replace(/(?<=.)[~:#@].*/s, '')] : [word];
  const near = [...new Set(words.flatMap((text) => nearest(text, known)))].slice(0, 3);
  return cliError('unknown_object', { name, word: word ?? name, inside, nearest: near }, undefined, detail);
}
