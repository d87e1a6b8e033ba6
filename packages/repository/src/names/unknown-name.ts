import { repositoryError } from '../errors.ts';
import { nearest } from './nearest.ts';

/** A name that stands for nothing, and where it was looked for. */
export interface UnknownName {
  readonly name: string;
  /** The part of the name that is not known; its beginning up to a sign by default. */
  readonly word?: string;
  /** What was looked for, where only one thing was. */
  readonly detail?: 'ref' | 'branch' | 'work' | 'dag' | 'node' | 'member' | 'history';
  /** What it was looked for in. */
  readonly inside?: string;
  readonly known: readonly string[];
  /** Whether the error lists all that is known. */
  readonly listed?: boolean;
}

/** Returns the error of a name that stands for nothing, with the nearest known ones. @spec DML-CLI-0604 */
export function unknownName({ name, word, detail, inside = '', known, listed = false }: UnknownName): Error {
  const words = word === undefined ? [name, name.replace(/(?<=.)[~:#@].*/s, '')] : [word];
  const near = [...new Set(words.flatMap((text) => nearest(text, known)))].slice(0, 3);
  return repositoryError(
    'unknown_name',
    { name, word: word ?? name, inside, nearest: near, ...(listed && { names: known }) },
    undefined,
    detail,
  );
}
