/** Name of a file in the folder of a mutable file: a version, and the one that it replaces or was to replace. */
export interface VersionName {
  readonly version: string;
  /** Version that it replaces; null for the first one. */
  readonly base: string | null;
}

/** Files in the folder of a mutable file. */
export interface VersionNames {
  /** Versions in effect: one, unless the folder was seen in the middle of a rename or is damaged. */
  readonly inEffect: readonly VersionName[];
  /** Names of the files with the contents of versions. */
  readonly contents: readonly string[];
}

const NAME = /^([0-9a-f]{32})\.([0-9a-f]{32}|none)\.(json|current)$/;
const VERSION = /^[0-9a-f]{32}$/;

/** Checks whether a text is a version that a file in a folder can have. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** Returns the name of the file with the content of a version. */
export function contentName({ version, base }: VersionName): string {
  return `${version}.${base ?? 'none'}.json`;
}

/** Returns the name of the empty file that says that a version is in effect. */
export function markerName({ version, base }: VersionName): string {
  return `${version}.${base ?? 'none'}.current`;
}

/** Returns what the names of a folder say; others do not belong to the file. */
export function parseVersionNames(names: readonly string[]): VersionNames {
  const inEffect: VersionName[] = [];
  const contents: string[] = [];
  for (const name of names) {
    const [, version, base, kind] = NAME.exec(name) ?? [];
    if (version === undefined || base === undefined) continue;
    if (kind === 'json') contents.push(name);
    else inEffect.push({ version, base: base === 'none' ? null : base });
  }
  return { inEffect, contents };
}
