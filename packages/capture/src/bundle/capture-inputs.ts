import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { builtinName } from '../by-name/outside-uses.ts';
import { authoringModule, packageRequire, programFiles } from '../source-file.ts';
import { installedPackageOf, type NativePackages } from './native-packages.ts';

/** Facts that decided a capture, by absolute paths. */
export interface CaptureInputs {
  /** Files that were read, and folders in which names were looked up. */
  readonly present: readonly string[];
  readonly absent: readonly string[];
  /** False where something else may have decided. */
  readonly isComplete: boolean;
}

/** A module named by another one, as it is written there. */
export interface ModuleEdge {
  readonly importer: string;
  readonly specifier: string;
  /** Absolute path; undefined for what was not found. */
  readonly target: string | undefined;
}

/** Files by which a package manager resolves packages itself. */
const RESOLVERS = ['.pnp.cjs', '.pnp.data.json', '.pnp.js'];

/** Collects the inputs of a capture; in doubt a path too many. */
export class InputCollector {
  readonly #natives: NativePackages;
  readonly #files = new Set<string>();
  readonly #paths = new Set<string>();
  readonly #settings = new Set<string>();
  readonly #edges = new Set<string>();
  /** False once something is met that is not looked into. */
  isComplete = true;

  constructor(natives: NativePackages) {
    this.#natives = natives;
  }

  /** Returns what was collected, with the code that captures. */
  finish(): CaptureInputs {
    this.#addProgram();
    const present: string[] = [];
    const absent: string[] = [];
    for (const path of this.#paths) (existsSync(path) ? present : absent).push(path);
    return { present, absent, isComplete: this.isComplete && !absent.some((path) => this.#files.has(path)) };
  }

  /** Adds a file whose content was read, with what decides how it is read. */
  addFile(file: string): void {
    this.#addContent(file);
    const installed = installedPackageOf(file);
    const root = installed?.folder ?? projectFolderOf(file);
    for (const folder of foldersAbove(file)) {
      if (folder.startsWith(root)) this.#paths.add(folder);
      this.#paths.add(join(folder, 'package.json'));
      // The bundler takes no other settings for libraries.
      if (!installed) this.#addSettings(folder);
    }
  }

  #addContent(file: string): void {
    this.#files.add(file);
    this.#paths.add(file);
  }

  /** Adds what decides whether the package of a library's module has machine code. */
  addPackage(file: string): void {
    const { folders = [], optional = [] } = this.#natives.at(file) ?? {};
    for (const folder of folders) this.#paths.add(folder);
    const [own] = folders;
    if (own !== undefined)
      for (const specifier of optional)
        this.addEdge({ importer: join(own, 'package.json'), specifier, target: undefined });
  }

  /** Adds the places at which a module was looked for. */
  addEdge({ importer, specifier, target }: ModuleEdge): void {
    const key = `${dirname(importer)}\0${specifier}`;
    if (this.#edges.has(key) || builtinName(specifier) !== undefined) return;
    this.#edges.add(key);
    if (/^\.{0,2}\/|^\.{1,2}$/.test(specifier)) this.#lookUp(resolve(dirname(importer), specifier));
    else if (specifier.startsWith('#')) this.#addOwnImport(importer, target);
    else if (specifier.includes(':')) this.isComplete = false;
    else this.#addBare(importer, specifier);
  }

  /** Adds what such a name leads to: a module of the same package, or by way of another name one elsewhere. */
  #addOwnImport(importer: string, target: string | undefined): void {
    const folder = installedPackageOf(importer)?.folder;
    if (folder === undefined || target === undefined || installedPackageOf(target)?.folder !== folder)
      this.isComplete = false;
  }

  #addBare(importer: string, specifier: string): void {
    const [, name = specifier, inner] = /^((?:@[^/]+\/)?[^/]+)(\/.+)?$/.exec(specifier) ?? [];
    for (const folder of foldersAbove(importer)) {
      const modules = join(folder, 'node_modules');
      if (!existsSync(modules)) this.#paths.add(modules);
      else {
        const at = join(modules, name);
        this.#paths.add(at);
        if (existsSync(at)) {
          this.#paths.add(join(at, 'package.json'));
          if (inner !== undefined) this.#lookUp(join(modules, specifier));
        }
      }
    }
  }

  #lookUp(path: string): void {
    // Listings leave such names out.
    if (basename(path).startsWith('.')) this.isComplete = false;
    this.#paths.add(path);
    this.#paths.add(dirname(path));
  }

  #addSettings(folder: string): void {
    if (this.#settings.has(folder)) return;
    this.#settings.add(folder);
    for (const name of RESOLVERS) {
      const path = join(folder, name);
      this.#paths.add(path);
      if (existsSync(path)) this.isComplete = false;
    }
    for (const name of ['tsconfig.json', 'jsconfig.json']) this.#addCompilerSettings(join(folder, name));
  }

  /** Adds a `tsconfig.json`, which may not be there, with what it extends. */
  #addCompilerSettings(path: string): void {
    this.#paths.add(path);
    if (this.#settings.has(path) || !existsSync(path)) return;
    this.#settings.add(path);
    this.#addContent(path);
    const text = readFileSync(path, 'utf8');
    const [, one, several = ''] = EXTENDS.exec(text) ?? [];
    const hasPlainText = text.split('extends').length === (EXTENDS.test(text) ? 2 : 1);
    // Names may stand for other places.
    if (!hasPlainText || /paths|baseUrl|rootDirs|\\u/.test(text) || /\/[/*]/.test(several))
      this.isComplete = false;
    const names =
      one === undefined ? [...several.matchAll(/"([^"]*)"/g)].map(([, name = '']) => name) : [one];
    for (const specifier of names) this.#addExtended(path, specifier);
  }

  #addExtended(from: string, specifier: string): void {
    this.addEdge({ importer: from, specifier, target: undefined });
    const at = resolve(dirname(from), specifier);
    const path = at.endsWith('.json') ? at : `${at}.json`;
    // That of a package may be another file, which its own settings name.
    const isFile = /^\.{0,2}\//.test(specifier) && existsSync(path) && (at === path || !existsSync(at));
    if (!isFile) this.isComplete = false;
    else {
      this.#paths.add(path);
      this.#addCompilerSettings(realpathSync(path));
    }
  }

  /** Adds the code that captures, and the tools that it uses. */
  #addProgram(): void {
    for (const file of programFiles()) this.#addContent(file);
    for (const tool of TOOLS) {
      const target = packageRequire().resolve(tool);
      this.addFile(target);
      this.addEdge({ importer: authoringModule(), specifier: tool, target });
    }
  }
}

const TOOLS = ['esbuild', 'oxc-minify', 'oxc-parser'];

const EXTENDS = /"extends"\s*:\s*(?:"([^"]*)"|\[([^\]]*)\])/;

/** Returns the folders that a path lies in, the nearest first. */
function* foldersAbove(path: string): Generator<string> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    yield folder;
    if (folder === dirname(folder)) return;
  }
}

/** Returns the outermost folder above a file that holds a `package.json`, or its own. */
function projectFolderOf(file: string): string {
  return (
    [...foldersAbove(file)].findLast((folder) => existsSync(join(folder, 'package.json'))) ?? dirname(file)
  );
}
