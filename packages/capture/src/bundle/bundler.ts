import { dirname, extname, resolve } from 'node:path';
import {
  type BuildContext,
  type BuildOptions,
  type BuildResult,
  context,
  type Loader,
  type Message,
  type OnLoadResult,
  type OnResolveArgs,
  type OnResolveResult,
  type Plugin,
  type PluginBuild,
} from 'esbuild';
import { BUNDLE_FILE, BUNDLE_FOLDER, BUNDLE_URL } from '../bundle-place.ts';
import { builtinName } from '../by-name/outside-uses.ts';
import { type EdgeKind, isLibrary, type Resolve } from '../by-name/own-modules.ts';
import { NODE_IMPORT, nodeImportText } from '../node-import.ts';
import { authoringModule, nodeConditions } from '../source-file.ts';
import type { ModuleEdge } from './capture-inputs.ts';
import { COMMONJS, ENTRY, ESM, isEntry, OWN, SHIM, sourcePath } from './module-names.ts';
import { NATIVE, type NativePackage, type NativePackages } from './native-packages.ts';

/**
 * Form of names and layout: shortest, with or without statements that restore the names of functions and classes, or as
 * in the source.
 */
export type BundleStyle = 'named' | 'nameless' | 'text';

/** Text of a module of the author, as the bundler gets it. */
export interface EmittedModule {
  readonly file: string;
  readonly text: string;
  readonly isCommonJs: boolean;
}

/** Input of the bundler in place of the author's files. */
export interface Emission {
  /** Text of the module that exports what is captured. */
  readonly entry: string;
  /** Modules of the author, by path. */
  readonly own: ReadonlyMap<string, EmittedModule>;
  /** Targets of the specifiers in these texts. */
  targets: ReadonlyMap<
    string,
    { readonly path: string; readonly kind: 'own' | 'library' | 'data'; readonly sideEffects: boolean }
  >;
}

/** Makes what the bundler is given; called while it runs, as only then it resolves names. */
export type Emit = (resolve: Resolve) => Promise<Emission>;

export interface Bundled {
  readonly text: string;
  readonly sourceMap: string;
  /** Absolute paths of the files that went into it. */
  readonly files: readonly string[];
  /** Of these, those of which code is left, with their bytes. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Modules that libraries name. */
  readonly edges: readonly ModuleEdge[];
  readonly warnings: readonly Message[];
  /** Packages that it imports from outside. */
  readonly natives: readonly NativePackage[];
}

/** Placeholder of `import.meta` as a whole in a bundle. */
export const IMPORT_META = '__daggermlImportMeta';

/** Prefix of specifiers in emitted modules. */
export const TARGET = 'dml:';

/** Bundles from the sources of one folder; keeps what it parsed. */
export class Bundler {
  readonly #folder: string;
  readonly #contexts = new Map<BundleStyle, Promise<BuildContext<BuildOptions>>>();
  #emit: Emit | undefined;
  #emission: Emission | undefined;
  readonly #natives: NativePackages;
  readonly #outsiders = new Map<string, NativePackage>();
  #failure: { readonly error: unknown } | undefined;

  constructor(folder: string, natives: NativePackages) {
    this.#folder = folder;
    this.#natives = natives;
  }

  /** Throws what `emit` throws, and esbuild's `BuildFailure`. */
  async bundle(style: BundleStyle, emit: Emit): Promise<Bundled> {
    this.#emit = emit;
    this.#failure = undefined;
    let made = this.#contexts.get(style);
    if (!made) {
      made = context(this.#options(style));
      this.#contexts.set(style, made);
    }
    const built = await (await made).rebuild().catch((error: unknown) => {
      throw this.#failure ? this.#failure.error : error;
    });
    return this.#bundled(built as BuildResult<{ write: false; metafile: true }>);
  }

  #bundled({ outputFiles, metafile, warnings }: BuildResult<{ write: false; metafile: true }>): Bundled {
    const [sourceMap = '', text = ''] = ['.map', '.mjs'].map(
      (ending) => outputFiles.find(({ path }) => path.endsWith(ending))?.text,
    );
    const names = Object.keys(metafile.inputs).filter((name) => !isEntry(name) && !name.startsWith('<'));
    const pathOf = (name: string): string => resolve(this.#folder, sourcePath(name));
    const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined);
    const natives = (output?.imports ?? []).flatMap(({ path }) => this.#outsiders.get(path) ?? []);
    const sizes = new Map<string, number>();
    for (const [name, { bytesInOutput }] of Object.entries(output?.inputs ?? {}))
      if (bytesInOutput > 0 && !isEntry(name)) sizes.set(pathOf(name), bytesInOutput);
    const edges = names.flatMap((name) =>
      (metafile.inputs[name]?.imports ?? []).flatMap(({ path, original, external }) =>
        original?.startsWith(TARGET) || path.startsWith('<')
          ? []
          : {
              importer: pathOf(name),
              specifier: original ?? path,
              target: external ? undefined : pathOf(path),
            },
      ),
    );
    return { text, sourceMap, files: names.map(pathOf), sizes, edges, warnings, natives };
  }

  /**
   * Bundles with one fixed set of options: anything left to the machine or the folder would be part of the code's identity.
   */
  #options(style: BundleStyle): BuildOptions {
    return {
      entryPoints: [ENTRY],
      outfile: resolve(this.#folder, 'bundle.mjs'),
      // @spec DML-EXE-0509
      absWorkingDir: this.#folder,
      // @spec DML-EXE-0507 DML-EXE-0510
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      charset: 'utf8',
      treeShaking: true,
      legalComments: 'none',
      sourcemap: 'external',
      sourcesContent: false,
      logLevel: 'silent',
      // @spec DML-CAP-0008
      conditions: [...nodeConditions],
      mainFields: ['main'],
      alias: { '@daggerml/bindings': authoringModule() },
      // @spec DML-EXE-0526
      define: {
        'import.meta': IMPORT_META,
        'import.meta.url': JSON.stringify(BUNDLE_URL),
        'import.meta.filename': JSON.stringify(BUNDLE_FILE),
        'import.meta.dirname': JSON.stringify(BUNDLE_FOLDER),
        __filename: JSON.stringify(BUNDLE_FILE),
        __dirname: JSON.stringify(BUNDLE_FOLDER),
      },
      // @spec DML-EXE-0504
      minify: style !== 'text',
      keepNames: style !== 'nameless',
      plugins: [this.#plugin],
    };
  }

  readonly #plugin: Plugin = {
    name: 'daggerml-own-modules',
    setup: (build) => {
      build.onResolve({ filter: /^daggerml-entry$/ }, () => ({ path: ENTRY, namespace: ENTRY }));
      build.onLoad({ filter: /.*/, namespace: ENTRY }, () => this.#loadEntry(build));
      build.onResolve({ filter: /^dml:\d+$/ }, ({ path }) => this.#resolveTarget(path));
      build.onResolve({ filter: NODE_IMPORT }, ({ path }) => ({ path, namespace: SHIM }));
      build.onLoad({ filter: /.*/, namespace: SHIM }, ({ path }) => ({
        contents: nodeImportText(path.replace(NODE_IMPORT, '')),
        loader: 'ts',
      }));
      build.onResolve({ filter: /^[^./]/ }, (args) => this.#resolveNative(build, args));
      build.onLoad({ filter: /.*/, namespace: NATIVE }, ({ path }) => ({
        contents: `import * as native from ${JSON.stringify(path)}; module.exports = native.default ?? native;`,
        loader: 'js',
      }));
      build.onLoad({ filter: OWN }, ({ path }) => this.#loadOwn(path));
    },
  };

  async #loadEntry(build: PluginBuild): Promise<OnLoadResult> {
    try {
      const emission = await (this.#emit as Emit)(resolveBy(build));
      this.#emission = emission;
      return { contents: emission.entry, loader: 'js', resolveDir: this.#folder };
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  #resolveTarget(specifier: string): OnResolveResult | undefined {
    const target = this.#emission?.targets.get(specifier);
    if (!target) return undefined;
    const { path, kind, sideEffects } = target;
    const native = kind === 'library' ? this.#natives.packageOf(path) : undefined;
    if (native) return this.#outside(native);
    if (kind !== 'own') return { path, sideEffects };
    // @spec DML-EXE-0534
    const isCommonJs = this.#emission?.own.get(path)?.isCommonJs;
    return { path: path + (isCommonJs ? COMMONJS : ESM), sideEffects: true };
  }

  /** Leaves packages with machine code outside, also those that a library imports. */
  async #resolveNative(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
    const { path, importer, kind, resolveDir, namespace, pluginData } = args;
    if (namespace === NATIVE) return { path, external: true };
    if (pluginData === NATIVE || builtinName(path) !== undefined || kind === 'entry-point') return undefined;
    const found = await build.resolve(path, { importer, kind, resolveDir, namespace, pluginData: NATIVE });
    const isPackage = found.errors.length === 0 && isLibrary(path, importer, found.path);
    const native = isPackage ? this.#natives.packageOf(found.path) : undefined;
    return native && this.#outside(native, kind === 'require-call');
  }

  #outside(native: NativePackage, isRequired = false): OnResolveResult {
    this.#outsiders.set(native.specifier, native);
    return isRequired
      ? { path: native.specifier, namespace: NATIVE }
      : { path: native.specifier, external: true };
  }

  #loadOwn(path: string): OnLoadResult | undefined {
    const source = sourcePath(path);
    const module = this.#emission?.own.get(source);
    if (!module) return undefined;
    const loader = extname(source).replace(/^\.[cm]?/, '') as Loader;
    return { contents: module.text, loader, resolveDir: dirname(source) };
  }
}

function resolveBy(build: PluginBuild): Resolve {
  return async (specifier, importer, kind: EdgeKind) => {
    const resolveDir = dirname(importer);
    const found = await build.resolve(specifier, { importer, kind, resolveDir, pluginData: NATIVE });
    const [first] = found.errors;
    return first ? { reason: first.text } : { path: found.path, sideEffects: found.sideEffects };
  };
}
