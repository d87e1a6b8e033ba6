import type { Publication, Publications } from '../format/publication.ts';

/** Returns a publication by its name; names that mean something to the language are no others. */
export function publicationNamed(published: Publications | undefined, name: string): Publication | undefined {
  return published !== undefined && Object.hasOwn(published, name) ? published[name] : undefined;
}

/** Lists the names of the publications that have not ended. */
export function runningNames(published: Publications): string[] {
  return Object.entries(published).flatMap(([name, { commit }]) => (commit === null ? [] : [name]));
}

/** Returns the names of what is published, for messages. */
export function namesOf(published: Publications | undefined): string {
  return runningNames(published ?? {}).join(', ') || 'none';
}
