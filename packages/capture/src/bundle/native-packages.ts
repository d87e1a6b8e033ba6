import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { captureError } from '../errors.ts';

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

/** Findings in the folder of a package. */
interface LookedInto {
  readonly native: Pick<NativePackage, 'name' | 'version' | 'sha256' | 'folder'> | undefined;
  /** Absolute paths of the folders of its own, with those of its optional dependencies. */
  readonly folders: readonly string[];
  /** Absolute paths of the files that a hash would be made of. */
  readonly files: readonly string[];
  readonly optional: readonly string[];
}

/** Finds out which packages hold machine code; looks into each once for each capture. */
export class NativePackages {
  readonly #found = new Map<string, LookedInto>();

  /** Forgets all packages: they may have changed since they were looked into. */
  refresh(): void {
    this.#found.clear();
  }

  /**
   * Returns the package that a library's module belongs to if that brings an add-on, be it by a package of its own for
   * this platform. A package outside of `node_modules` is that of the nearest `package.json` with a name.
   *
   * @spec DML-CAP-0020
   */
  packageOf(file: string): NativePackage | undefined {
    const native = this.at(file)?.native;
    if (!native) return undefined;
    const { name, version, sha256, folder } = native;
    const module = relative(folder, file).replaceAll(sep, '/');
    // @spec DML-CAP-0021
    const specifier = `${NATIVE}${name}@${version}/${module}#${sha256}`;
    return { name, version, sha256, folder, file, specifier };
  }

  /** Returns the files that decide about packages, by absolute paths. */
  filesOf(natives: readonly NativePackage[]): readonly string[] {
    return natives.flatMap(({ file }) => this.at(file)?.files ?? []);
  }

  /** Returns what the folder of a library's package holds; undefined for a module without a package. */
  at(file: string): LookedInto | undefined {
    const folder = installedPackageOf(file)?.folder ?? namedFolderOf(file);
    if (folder === undefined) return undefined;
    let known = this.#found.get(folder);
    if (!known) {
      known = lookInto(folder);
      this.#found.set(folder, known);
    }
    return known;
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

function lookInto(folder: string): LookedInto {
  const { name, version = '', optionalDependencies = {} } = manifestIn(folder) ?? {};
  const optional = Object.keys(optionalDependencies);
  const parts =
    name === undefined ? [] : [folder, ...optional.flatMap((each) => folderOf(each, folder) ?? [])];
  const found = parts.map((part) => [part, codeIn(part)] as const);
  const files = found.flatMap(([, code]) => code.files);
  const looked = { folders: found.flatMap(([, code]) => code.folders), files, optional };
  if (name === undefined || !files.some((file) => file.endsWith('.node')))
    return { ...looked, native: undefined };
  const hash = createHash('sha256');
  for (const [part, code] of found)
    for (const file of code.files) {
      const content = createHash('sha256').update(readFileSync(file)).digest('hex');
      hash.update(`${relative(part, file).replaceAll(sep, '/')} ${content}\n`);
    }
  for (const dependency of dependenciesOf(folder)) hash.update(`${dependency}\n`);
  return { ...looked, native: { name, version, folder, sha256: hash.digest('hex') } };
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
    return lookInto(folder).native?.sha256;
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

/** Files and folders of a package, by absolute paths in a fixed order. */
interface Code {
  readonly files: string[];
  readonly folders: string[];
}

/** Returns the files below a folder that hold code, machine code or settings, with the folders that were looked into. */
function codeIn(folder: string, found: Code = { files: [], folders: [] }, depth = 0): Code {
  found.folders.push(folder);
  for (const entry of entriesOf(folder).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isFile() && CODE.test(entry.name)) found.files.push(path);
    if (entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name) && depth < MAX_DEPTH)
      codeIn(path, found, depth + 1);
  }
  return found;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
