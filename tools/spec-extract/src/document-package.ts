import type { TextFile } from './text-file.ts';

const DOCUMENT = /^specs\/(\d\d)-([a-z0-9]+(?:-[a-z0-9]+)*)\.md$/;
const LOCATION = /^#+ +(?:\d+\. +)?Implementation location *$([\s\S]*?)(?=^#|(?![\s\S]))/m;

/** Checks whether a path is that of a specification document: two digits and a name. */
export function isSpecDocument(path: string): boolean {
  return DOCUMENT.test(path);
}

/** Checks whether a document is the overview, which belongs to no package and needs no requirement. */
export function isOverview(path: string): boolean {
  return DOCUMENT.exec(path)?.[1] === '00';
}

/**
 * Returns the name of the package that a specification document belongs to: the one that its section on the
 * implementation location names first, else the one called like the document.
 */
export function packageOf({ path, text }: TextFile): string {
  const location = LOCATION.exec(text)?.[1] ?? '';
  // @spec DML-TRC-0913
  return /\b(?:packages|tools)\/([a-z0-9-]+)/.exec(location)?.[1] ?? DOCUMENT.exec(path)?.[2] ?? path;
}
