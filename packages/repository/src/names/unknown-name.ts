import { repositoryError } from '../errors.ts';
import { nearest } from './nearest.ts';

/** A name that stands for nothing, and where it was looked for. */
export interface UnknownName {
  readonly name: string;
  /** The part of the name that is not known; its beginning up to a sign by default. */
  readonly word?: string;
  /** Kind of thing looked for, where there was only one. */
  readonly detail?: 'ref' | 'branch' | 'tag' | 'work' | 'dag' | 'node' | 'member' | 'history' | 'failure';
  /** Name of the place searched. */
  readonly inside?: string;
  readonly known: readonly string[];
  /** True when the error lists all known names. */
  readonly listed?: boolean;
}

/** Returns the error of a name that stands for nothing, with the nearest known ones. */
export function unknownName({ name, word, detail, inside = '', known, listed = false }: UnknownName): Error {
  const words = word === undefined ? [name, name.replace(/(?<=.)[~:#@].*/s, '')] : [word];
  // @spec DML-CLI-0604
  const near = [...new Set(words.flatMap((text) => nearest(text, known)))].slice(0, 3);
  return repositoryError(
    'unknown_name',
    { name, word: word ?? name, inside, nearest: near, ...(listed && { names: known }) },
    undefined,
    detail,
  );
}
