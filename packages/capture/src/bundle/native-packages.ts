import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { captureError } from '../errors.ts';
import { areCurrent, type Stamps, stampsOf } from './file-stamps.ts';

/** A package with machine code, which stays outside of bundles and is loaded from its own folder. */
export interface NativePackage {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of its add-ons and code and of the versions of its dependencies, in hexadecimal digits. */
  readonly sha256: string;
  /** Specifier that code in a bundle imports: name, version, module and hash. */
  readonly specifier: string;
  /** Absolute path of the module. */
  readonly file: string;
  /** Absolute path of its folder. */
  readonly folder: string;
}

/**
 * Prefix of the specifiers of native packages in a bundle. What else a bundle may once need of the process that runs it
 * gets another prefix that begins with `daggerml-`, so that this version refuses it.
 */
export const NATIVE = 'daggerml-native:';

interface NativeRoot extends Pick<NativePackage, 'name' | 'version' | 'sha256' | 'folder'> {
  /** Absolute paths of the files that the hash is made of. */
  readonly files: readonly string[];
}

/** Finds out which packages hold machine code; looks into each again only when a file of it has changed. */
export class NativePackages {
  readonly #roots = new Map<
    string,
    { readonly found: NativeRoot | undefined; readonly stamps?: Stamps | undefined }
  >();

  /** Forgets packages that have changed since they were looked into. */
  refresh(): void {
    for (const [root, { found, stamps }] of this.#roots)
      if (found && !(stamps && areCurrent(stamps))) this.#roots.delete(root);
  }

  /**
   * Returns the package that a library's module belongs to if that brings an add-on, be it by a package of its own for
   * this platform. A package outside of `node_modules` is that of the nearest `package.json` with a name.
   *
   * @spec DML-CAP-0020
   */
  packageOf(file: string): NativePackage | undefined {
    const folder = installedPackageOf(file)?.folder ?? namedFolderOf(file);
    const found = folder === undefined ? undefined : this.#rootAt(folder);
    if (!found) return undefined;
    const { name, version, sha256 } = found;
    const module = relative(found.folder, file).replaceAll(sep, '/');
    // @spec DML-CAP-0021
    const specifier = `${NATIVE}${name}@${version}/${module}#${sha256}`;
    return { name, version, sha256, folder: found.folder, file, specifier };
  }

  /** Returns the files that decide about packages, by absolute paths. */
  filesOf(natives: readonly NativePackage[]): readonly string[] {
    return natives.flatMap(({ folder }) => this.#rootAt(folder)?.files ?? []);
  }

  #rootAt(folder: string): NativeRoot | undefined {
    let known = this.#roots.get(folder);
    if (!known) {
      const beganMs = Date.now();
      const found = nativeRoot(folder);
      known = { found, ...(found && { stamps: stampsOf(found.files, beganMs) }) };
      this.#roots.set(folder, known);
    }
    return known.found;
  }
}

/** Returns the package that a file is installed with: the innermost one below `node_modules`. */
export function installedPackageOf(
  file: string,
): { readonly folder: string; readonly name: string } | undefined {
  const [, folder, name] = /^(.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+))[\\/]/.exec(file) ?? [];
  return folder !== undefined && name !== undefined ? { folder, name } : undefined;
}

function namedFolderOf(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (manifestIn(folder)?.name !== undefined) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function nativeRoot(folder: string): NativeRoot | undefined {
  const { name, version = '', optionalDependencies = {} } = manifestIn(folder) ?? {};
  if (name === undefined) return undefined;
  const parts = [
    folder,
    ...Object.keys(optionalDependencies).flatMap((each) => folderOf(each, folder) ?? []),
  ];
  const files = parts.map((part) => [part, codeIn(part)] as const);
  if (!files.some(([, names]) => names.some((each) => each.endsWith('.node')))) return undefined;
  const hash = createHash('sha256');
  for (const [part, names] of files)
    for (const each of names) {
      const content = createHash('sha256').update(readFileSync(each)).digest('hex');
      hash.update(`${relative(part, each).replaceAll(sep, '/')} ${content}\n`);
    }
  for (const dependency of dependenciesOf(folder)) hash.update(`${dependency}\n`);
  return { name, version, folder, sha256: hash.digest('hex'), files: files.flatMap(([, names]) => names) };
}

/** Returns names and versions of the packages that a package depends on, directly or not, sorted. @spec DML-CAP-0921 */
function dependenciesOf(folder: string): readonly string[] {
  const found = new Map<string, string>();
  const visit = (from: string): void => {
    const { dependencies, optionalDependencies } = manifestIn(from) ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const at = folderOf(name, from);
      if (at === undefined || found.has(at)) continue;
      found.set(at, `${name}@${manifestIn(at)?.version ?? ''}`);
      visit(at);
    }
  };
  visit(folder);
  return [...new Set(found.values())].sort();
}

/** A specifier in a bundle for which the process that runs it must stand. */
const NEEDED = /\b(?:from|import)\s*\(?\s*["'`](daggerml-[\w-]+:[^"'`\s]+)["'`]/g;

/**
 * Returns the files that the specifiers of native packages in a bundle stand for. Throws `capture_failed` for a
 * package that is no longer as it was captured, and for specifiers that nothing here stands for.
 */
export function nativeFiles(
  natives: readonly NativePackage[],
  bundle: Uint8Array,
): Readonly<Record<string, string>> {
  const refuse = (file: string, reason: string): never => {
    throw captureError('capture_failed', { file, line: 0, reason });
  };
  const files = Object.fromEntries(natives.map(({ specifier, file }) => [specifier, file]));
  const text = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.length);
  if (text.includes('daggerml-'))
    for (const [, specifier = ''] of text.toString('utf8').matchAll(NEEDED)) {
      // @spec DML-CAP-0922
      if (files[specifier] !== undefined) continue;
      const [name] = /^[^/]*[^#]*/.exec(specifier.slice(NATIVE.length)) ?? [];
      refuse(
        specifier,
        specifier.startsWith(NATIVE)
          ? `it imports the package ${name} with machine code, which was not captured here; run the pipeline again`
          : `it imports "${specifier}", which this version of dml does not know; use the version that captured it, or a newer one`,
      );
    }
  for (const { name, version, sha256, folder, file } of natives) {
    // @spec DML-CAP-0023
    if (currentHash(folder) === sha256) continue;
    refuse(
      file,
      `the package ${name} ${version} has changed since the function was captured; run the pipeline again`,
    );
  }
  return files;
}

function currentHash(folder: string): string | undefined {
  try {
    return nativeRoot(folder)?.sha256;
  } catch {
    return undefined;
  }
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
const MAX_DEPTH = 8;

const CODE = /\.(node|wasm|json|[cm]?js)$/;

/** Returns the files of a package that hold code, machine code or settings, in a fixed order. */
function codeIn(folder: string, depth = 0): string[] {
  return entriesOf(folder)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isFile()) return CODE.test(entry.name) ? [path] : [];
      const isInside = entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name) && depth < MAX_DEPTH;
      return isInside ? codeIn(path, depth + 1) : [];
    });
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
