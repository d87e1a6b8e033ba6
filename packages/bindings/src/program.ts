import { readFileSync } from 'node:fs';

let name: string | undefined;

/**
 * Returns the name and version of this program for stores and receipts: the version of the package that contains this
 * module.
 *
 * @spec DML-BND-0317
 */
export function programName(): string {
  name ??= `daggerml ${versionAbove(import.meta.url)}`;
  return name;
}

/** Returns the version in the nearest package.json at or above a module. */
function versionAbove(moduleUrl: string): string {
  for (let folder = new URL('.', moduleUrl); ; folder = new URL('..', folder)) {
    try {
      const manifest: { version?: unknown } = JSON.parse(
        readFileSync(new URL('package.json', folder), 'utf8'),
      );
      if (typeof manifest.version === 'string') return manifest.version;
    } catch {
      // No manifest here.
    }
    if (folder.href === new URL('..', folder).href) return 'unknown';
  }
}
