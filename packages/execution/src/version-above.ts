import { readFileSync } from 'node:fs';

/** Returns the version in the nearest package.json at or above a module. */
export function versionAbove(moduleUrl: string): string {
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
