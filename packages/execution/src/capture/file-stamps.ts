import { statSync } from 'node:fs';

/** Size and time of change of files, by their paths. */
export type Stamps = ReadonlyMap<string, string>;

export function stampsOf(files: readonly string[]): Stamps {
  return new Map(files.map((file) => [file, stampOf(file)]));
}

/** Tells whether no file has another size or time of change. */
export function areCurrent(stamps: Stamps): boolean {
  for (const [path, stamp] of stamps) if (stampOf(path) !== stamp) return false;
  return true;
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.size} ${stat.mtimeMs}` : 'missing';
}
