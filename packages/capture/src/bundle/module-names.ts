/** Endings of the paths of the author's modules in the bundler, by the format they are read in. */
export const ESM = '.daggerml.mts';
export const COMMONJS = '.daggerml.cts';
export const OWN: RegExp = /\.daggerml\.[mc]ts$/;
export const ENTRY = 'daggerml-entry';
export const SHIM = 'daggerml-node-import';

/** Returns the path of the source of what the bundler names. */
export function sourcePath(path: string): string {
  return path.replace(OWN, '');
}

/** Checks whether the bundler means what is written around the captured export. */
export function isEntry(path: string): boolean {
  return path.startsWith(ENTRY) || path.startsWith(SHIM);
}
