import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, sep } from 'node:path';
import { captureError } from '../errors.ts';

/** A package with machine code, which stays outside of bundles and is loaded from its own folder. */
export interface NativePackage {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of its add-ons, in hexadecimal digits. */
  readonly sha256: string;
  /** Specifier that code in a bundle imports: name, version, module and hash. */
  readonly specifier: string;
  /** Absolute path of the module. */
  readonly file: string;
  /** Absolute paths of its add-ons, sorted by their names. */
  readonly addons: readonly string[];
}

/** Prefix of the specifiers of native packages in a bundle. */
export const NATIVE = 'daggerml-native:';

interface NativeRoot {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly addons: readonly string[];
}

/** Finds out which packages hold machine code; looks into each once. */
export class NativePackages {
  readonly #roots = new Map<string, NativeRoot | undefined>();

  /**
   * Returns the package that a module belongs to if that brings an add-on, be it by a package of its own for this
   * platform.
   *
   * @spec DML-CAP-0020
   */
  packageOf(file: string): NativePackage | undefined {
    const root = rootOf(file);
    if (root === undefined) return undefined;
    if (!this.#roots.has(root)) this.#roots.set(root, nativeRoot(root));
    const found = this.#roots.get(root);
    if (!found) return undefined;
    const { name, version, sha256 } = found;
    const module = relative(root, file).replaceAll(sep, '/');
    // @spec DML-CAP-0021
    return { ...found, file, specifier: `${NATIVE}${name}@${version}/${module}#${sha256}` };
  }
}

/** Returns the folder of the installed package that a file belongs to. */
function rootOf(file: string): string | undefined {
  const [, root] = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file) ?? [];
  return root;
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function nativeRoot(root: string): NativeRoot | undefined {
  const manifest = manifestIn(root);
  const { name, version = '', optionalDependencies = {} } = manifest ?? {};
  if (name === undefined) return undefined;
  const addons = addonsIn(root);
  for (const dependency of Object.keys(optionalDependencies)) {
    const folder = folderOf(dependency, root);
    if (folder !== undefined) addons.push(...addonsIn(folder));
  }
  if (addons.length === 0) return undefined;
  return { name, version, addons, sha256: hashOf(addons) };
}

/**
 * Returns the files that the specifiers of native packages stand for. Throws `capture_failed` for a package whose
 * add-ons are no longer those that were captured.
 *
 * @spec DML-CAP-0023
 */
export function nativeFiles(natives: readonly NativePackage[]): Readonly<Record<string, string>> {
  for (const { name, version, sha256, addons, file } of natives) {
    if (currentHash(addons) !== sha256)
      throw captureError('capture_failed', {
        file,
        line: 0,
        reason: `the machine code of ${name} ${version} has changed since the function was captured; run the pipeline again`,
      });
  }
  return Object.fromEntries(natives.map(({ specifier, file }) => [specifier, file]));
}

function currentHash(files: readonly string[]): string | undefined {
  try {
    return hashOf(files);
  } catch {
    return undefined;
  }
}

/** Returns the SHA-256 of files, by their names and contents. */
function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = createHash('sha256').update(readFileSync(file)).digest('hex');
    hash.update(`${file.slice(file.lastIndexOf(sep) + 1)} ${content}\n`);
  }
  return hash.digest('hex');
}

function manifestIn(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

/** Returns the folder of a package that another one may depend on. */
function folderOf(name: string, from: string): string | undefined {
  for (const folder of createRequire(join(from, 'package.json')).resolve.paths(name) ?? []) {
    try {
      return realpathSync(join(folder, name));
    } catch {}
  }
  return undefined;
}

/** Folders below a package that are looked into. */
const MAX_DEPTH = 4;

function addonsIn(folder: string, depth = 0): string[] {
  return entriesOf(folder)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isFile()) return entry.name.endsWith('.node') ? [path] : [];
      const isInside = entry.isDirectory() && entry.name !== 'node_modules' && depth < MAX_DEPTH;
      return isInside ? addonsIn(path, depth + 1) : [];
    });
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
