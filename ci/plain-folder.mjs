/** Temporary folders in which Node reads a `.js` file as it does on a plain machine: as CommonJS until told otherwise. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Returns where such folders may lie, the first choice first. */
export function temporaryPlaces() {
  return [tmpdir(), '/tmp', '/var/tmp', '/dev/shm', homedir()];
}

/**
 * Creates a folder above which no `package.json` says `"type": "module"`, in the first of the places that can hold
 * one. Returns it as `folder`, which is undefined when none can, with the `obstacles` that were met.
 */
export function plainFolder(prefix, places = temporaryPlaces()) {
  const obstacles = [];
  for (const place of places) {
    const module = modulePackageAbove(place);
    if (module !== undefined) obstacles.push(`${module} says "type": "module"`);
    else
      try {
        return { folder: mkdtempSync(join(place, prefix)), obstacles };
      } catch (error) {
        obstacles.push(error.message);
      }
  }
  return { folder: undefined, obstacles };
}

/** Returns the nearest `package.json` in a folder or above it that says `"type": "module"`, if there is one. */
export function modulePackageAbove(folder) {
  const file = join(folder, 'package.json');
  if (existsSync(file) && typeIn(file) === 'module') return file;
  return dirname(folder) === folder ? undefined : modulePackageAbove(dirname(folder));
}

function typeIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).type;
  } catch {
    return undefined;
  }
}

/** Creates a folder for temporary files, and returns the variables that make programs use it. */
export function temporaryFilesIn(folder) {
  mkdirSync(folder, { recursive: true });
  return { TMPDIR: folder, TEMP: folder, TMP: folder };
}
