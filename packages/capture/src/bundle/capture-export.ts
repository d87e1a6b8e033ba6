import { dirname, resolve } from 'node:path';
import type { BuildFailure } from 'esbuild';
import { BUNDLE_FILE, BUNDLE_FOLDER, BUNDLE_URL } from '../bundle-place.ts';
import { emitModule } from '../by-name/emit-module.ts';
import { planUnreadNames, UNREAD_NAME } from '../by-name/only-called.ts';
import type { Outline } from '../by-name/outline.ts';
import { type AmbientInput, ambientInputs } from '../by-name/outside-reads.ts';
import {
  OwnModules,
  positionIn,
  type ReachedModule,
  type Resolve,
  type Target,
} from '../by-name/own-modules.ts';
import { type Piece, PieceText, piecesOf, type TextEdit } from '../by-name/pieces.ts';
import { refuseCode } from '../by-name/refused-code.ts';
import { readsTexts } from '../by-name/text-readers.ts';
import { captureError } from '../errors.ts';
import { isCommonJsFile, nodeImportPath } from '../node-import.ts';
import { packageRequire } from '../source-file.ts';
import {
  type Bundled,
  Bundler,
  type BundleStyle,
  type Emission,
  type EmittedModule,
  IMPORT_META,
  TARGET,
} from './bundler.ts';
import { calleesOf, keyOfText, SELF_KEY } from './callees.ts';
import { type CaptureInputs, InputCollector } from './capture-inputs.ts';
import { type CarriedLibrary, carriedLibraries, dataFiles } from './carried-sources.ts';
import { LibraryCode } from './library-code.ts';
import { isEntry, sourcePath } from './module-names.ts';
import { type NativePackage, NativePackages } from './native-packages.ts';
import type { SourceTrail } from './source-locator.ts';
import { withoutOwnNames } from './text-form.ts';

/** Export of a file to capture. */
export interface ExportPlace {
  /** Absolute path. */
  readonly path: string;
  readonly exportName: string;
}

/** A file in a bundle, with what it takes there before names are shortened. */
export interface CarriedFile {
  /** Absolute path. */
  readonly file: string;
  readonly sizeBytes: number;
}

/** A captured export, as it crosses threads. */
export interface ExportCapture {
  readonly text: string;
  /** Outside reads of the author's own code. */
  readonly ambientInputs: readonly AmbientInput[];
  readonly inputs: CaptureInputs;
  /** The files whose code is part of the bundle, largest first. */
  readonly carried: readonly CarriedFile[];
  /** Packages with machine code that the bundle imports from their own folders. */
  readonly natives: readonly NativePackage[];
  /** Modules of the author that have effects of their own but are imported by names that the function does not use. */
  readonly leftOut: readonly string[];
  /** The tools that made the bundle, with their versions. */
  readonly bundler: string;
  /** Packages whose code the bundle holds. */
  readonly libraries: readonly CarriedLibrary[];
  readonly trail: SourceTrail;
  /** The functions that it calls as calls of their own, each with everything that it needs. */
  readonly callees: readonly CapturedCallee[];
}

/** A function that a captured one calls as a call of its own. */
export interface CapturedCallee {
  readonly place: ExportPlace;
  readonly capture: ExportCapture;
}

/** Captures exports of files; keeps what it read of them. */
export class ExportCapturer {
  readonly #outlines = new Map<string, Outline>();
  readonly #bundlers = new Map<string, Bundler>();
  readonly #libraries = new LibraryCode();
  readonly #natives = new NativePackages();

  /** Bundles one export of a file with everything that it needs. Throws `capture_failed`. */
  async capture(place: ExportPlace): Promise<ExportCapture> {
    this.#natives.refresh();
    return this.#capture(place, { callers: [], known: new Map() });
  }

  #capture(place: ExportPlace, { callers, known }: Surroundings): Promise<ExportCapture> {
    const folder = dirname(place.path);
    let bundler = this.#bundlers.get(folder);
    if (!bundler) {
      bundler = new Bundler(folder, this.#natives);
      this.#bundlers.set(folder, bundler);
    }
    return new OneCapture(place, {
      bundler,
      outlines: this.#outlines,
      libraries: this.#libraries,
      natives: this.#natives,
      captureCallee: async (callee) => {
        const key = placeKey(callee);
        const capture =
          known.get(key) ?? (await this.#capture(callee, { callers: [...callers, place], known }));
        known.set(key, capture);
        return capture;
      },
      callers,
    }).run();
  }
}

/** The captures around one: those of the functions that call it, and those of callees that were made already. */
interface Surroundings {
  readonly callers: readonly ExportPlace[];
  readonly known: Map<string, ExportCapture>;
}

function placeKey({ path, exportName }: ExportPlace): string {
  return `${exportName} ${path}`;
}

/** State shared by several captures. */
interface Kept {
  readonly bundler: Bundler;
  readonly outlines: Map<string, Outline>;
  readonly libraries: LibraryCode;
  readonly natives: NativePackages;
  readonly captureCallee: (place: ExportPlace) => Promise<ExportCapture>;
  /** The functions whose captures wait for this one. */
  readonly callers: readonly ExportPlace[];
}

/** Thrown by a first attempt that is made for code without libraries alone. */
const LIBRARY = new Error('the code reaches a library');

/** Thrown by an attempt that found functions whose captures have to be made first. */
class CalleesNeeded extends Error {
  readonly places: readonly ExportPlace[];

  constructor(places: readonly ExportPlace[]) {
    super('functions are to be captured first');
    this.places = places;
  }
}

class OneCapture {
  readonly #place: ExportPlace;
  readonly #kept: Kept;
  readonly #bundler: Bundler;
  readonly #outlines: Map<string, Outline>;
  readonly #libraries: LibraryCode;
  readonly #natives: NativePackages;
  readonly #folder: string;
  #modules: OwnModules | undefined;
  #leftOut: readonly string[] = [];
  readonly #texts = new Map<string, PieceText>();
  #refusesLibraries = false;
  readonly #inputs: InputCollector;
  /** The functions that this one calls as calls of their own, by their places. */
  readonly #callees = new Map<string, CapturedCallee>();

  constructor(place: ExportPlace, kept: Kept) {
    const { bundler, outlines, libraries, natives } = kept;
    this.#place = place;
    this.#kept = kept;
    this.#bundler = bundler;
    this.#outlines = outlines;
    this.#libraries = libraries;
    this.#natives = natives;
    this.#folder = dirname(place.path);
    this.#inputs = new InputCollector(natives);
  }

  async run(): Promise<ExportCapture> {
    const form = await this.#formWithCallees();
    const { bundled } = form;
    const { reached } = this.#modules as OwnModules;
    const own = new Set(reached.map(({ outline }) => outline.file));
    if (this.#libraries.refuseOwnFiles(bundled, own)) this.#inputs.isComplete = false;
    const undeclared = this.#libraries.undeclared(bundled, own);
    const edits = [
      ...(undeclared.length > 0 ? [`var ${undeclared.join(',')};\n`] : []),
      ...bannerOf(bundled.text),
      ...form.edits,
    ];
    const { text, map } = form.finish(new PieceText(bundled.text, edits).text);
    const natives = uniqueNatives(bundled);
    const callees = [...this.#callees.values()];
    return {
      // @spec DML-EXE-0506
      text,
      ambientInputs: ambientInputs(reached),
      callees,
      inputs: withInputsOf(callees, this.#inputsOf(bundled)),
      carried: carriedFiles(bundled),
      natives,
      leftOut: this.#leftOut,
      // @spec DML-EXE-0517
      bundler: bundlerVersion(),
      libraries: carriedLibraries(bundled.sizes.keys()),
      trail: {
        folder: this.#folder,
        renaming: map,
        edits,
        bundledText: bundled.text,
        bundling: bundled.sourceMap,
        own: reached.map(({ outline }) => ({
          file: outline.file,
          text: outline.text,
          pieces: this.#texts.get(outline.file)?.pieces ?? [],
        })),
        data: dataFiles(bundled.sizes.keys(), own),
      },
    };
  }

  #inputsOf({ files, edges, natives }: Bundled): CaptureInputs {
    const { files: ofModules } = this.#modules as OwnModules;
    for (const file of [...ofModules, ...files, ...this.#natives.filesOf(natives)])
      this.#inputs.addFile(file);
    for (const file of files) if (!ofModules.includes(file)) this.#inputs.addPackage(file);
    for (const edge of edges) this.#inputs.addEdge(edge);
    // Their whole content counts, and is looked at when they are loaded.
    if (natives.length > 0) this.#inputs.isComplete = false;
    return this.#inputs.finish();
  }

  async #formWithCallees(): Promise<Form> {
    try {
      return await this.#form();
    } catch (error) {
      if (!(error instanceof CalleesNeeded)) throw error;
      // The bundler takes one folder at a time, so that they cannot be captured while it works.
      for (const place of error.places)
        this.#callees.set(placeKey(place), { place, capture: await this.#kept.captureCallee(place) });
      return this.#form();
    }
  }

  /**
   * Returns the edits that put the key of each function in the place of its name where it is called as a call of its own.
   * Throws `CalleesNeeded`.
   */
  async #calleeEdits(modules: OwnModules): Promise<ReadonlyMap<ReachedModule, readonly TextEdit[]>> {
    const edits = new Map<ReachedModule, readonly TextEdit[]>();
    const needed = new Map<string, ExportPlace>();
    for (const module of modules.reached) {
      const found = await calleesOf(module, modules, [...this.#kept.callers, this.#place]);
      for (const { place } of found)
        if (place !== SELF_KEY && !this.#callees.has(placeKey(place))) needed.set(placeKey(place), place);
      const textOf = (place: ExportPlace): string =>
        keyOfText(place.exportName, this.#callees.get(placeKey(place))?.capture.text ?? '');
      edits.set(
        module,
        found.map(({ start, end, place }) => ({
          start,
          end,
          text: JSON.stringify(place === SELF_KEY ? SELF_KEY : textOf(place)),
        })),
      );
    }
    if (needed.size > 0) throw new CalleesNeeded([...needed.values()]);
    return edits;
  }

  async #form(): Promise<Form> {
    const { bundled, style } = await this.#firstBundle();
    // @spec DML-EXE-0521
    if (this.#modules?.reached.some(readsTexts)) return textForm(await this.#bundle('text', undefined));
    // @spec DML-EXE-0519
    const observed = observedNames(bundled.text);
    if (observed === (style === 'named' ? 'all' : 'none')) return shortForm(bundled);
    // @spec DML-EXE-0518
    return shortForm(
      observed === 'none' ? await this.#bundle('nameless', 'all') : await this.#bundle('named', observed),
    );
  }

  /** Bundles in the form that is likely to be the last: libraries read names, and the author's code alone seldom does. */
  async #firstBundle(): Promise<{ readonly bundled: Bundled; readonly style: 'named' | 'nameless' }> {
    try {
      this.#refusesLibraries = true;
      return { bundled: await this.#bundle('nameless', 'all'), style: 'nameless' };
    } catch (error) {
      if (error !== LIBRARY) throw error;
    } finally {
      this.#refusesLibraries = false;
    }
    return { bundled: await this.#bundle('named', 'all'), style: 'named' };
  }

  async #bundle(style: BundleStyle, observed: 'all' | 'constructors' | undefined): Promise<Bundled> {
    const { path } = this.#place;
    try {
      const bundled = await this.#bundler.bundle(style, (resolver) => this.#emit(resolver, observed));
      // @spec DML-CAP-0928
      const missing = bundled.warnings.find(
        ({ id, location }) => id === 'import-is-undefined' && isEntry(location?.file ?? ''),
      );
      if (missing)
        throw captureError('capture_failed', {
          file: path,
          line: 0,
          reason: missing.text,
          exports: ['default'],
        });
      return bundled;
    } catch (error) {
      throw this.#bundlingError(error);
    }
  }

  async #emit(resolver: Resolve, observed: 'all' | 'constructors' | undefined): Promise<Emission> {
    const { path, exportName } = this.#place;
    if (!this.#modules) {
      const resolveNoted: Resolve = async (specifier, importer, kind) => {
        const found = await resolver(specifier, importer, kind);
        this.#inputs.addEdge({ importer, specifier, target: 'path' in found ? found.path : undefined });
        return found;
      };
      const modules = new OwnModules(resolveNoted, this.#outlines);
      this.#modules = modules;
      const entry = modules.at(path);
      // @spec DML-EXE-0503
      await modules.demand(entry, exportName);
      for (const module of modules.reached) refuseCode(module);
      this.#leftOut = await modules.leftOut();
    }
    const { reached } = this.#modules;
    const calleeEdits = await this.#calleeEdits(this.#modules);
    const targets = new Map<
      string,
      { path: string; kind: 'own' | 'library' | 'data'; sideEffects: boolean }
    >();
    const specifiers = new Map<string, string>();
    const bare = bareTargets(reached);
    const nameOf = (target: Target, specifier: string, isNodeImport = false): string => {
      if (target.kind === 'builtin' || target.kind === 'missing') return specifier;
      if (this.#refusesLibraries && target.kind === 'library') throw LIBRARY;
      const file = target.kind === 'own' ? target.module.outline.file : target.path;
      if (isNodeImport && isCommonJsFile(file)) return nodeImportPath(nameOf(target, specifier));
      let name = specifiers.get(file);
      if (name === undefined) {
        name = `${TARGET}${specifiers.size}`;
        specifiers.set(file, name);
        targets.set(name, {
          path: file,
          kind: target.kind,
          sideEffects: target.kind === 'own' || target.sideEffects || bare.has(file),
        });
      }
      return name;
    };
    const plans = observed && planUnreadNames(reached, observed);
    const entryModule = this.#modules.at(path);
    const entryTarget = nameOf({ kind: 'own', module: entryModule }, path);
    const own = new Map<string, EmittedModule>();
    for (const module of reached) {
      const { file, isCommonJs } = module.outline;
      const emitted = emitModule(
        module,
        [...(plans?.get(module) ?? []), ...(calleeEdits.get(module) ?? [])],
        nameOf,
      );
      this.#texts.set(file, emitted);
      own.set(file, { file, isCommonJs, text: emitted.text });
    }
    const name = exportName === 'default' ? 'default' : JSON.stringify(exportName);
    return { entry: `export { ${name} } from ${JSON.stringify(entryTarget)}`, own, targets };
  }

  /** Turns esbuild's messages into one error that names file and line. */
  #bundlingError(error: unknown): unknown {
    const [first] = (error as Partial<BuildFailure>).errors ?? [];
    if (!first) return error;
    const { location, text: reason } = first;
    if (!location || isEntry(location.file))
      return captureError('capture_failed', { file: this.#place.path, line: 0, reason });
    // @spec DML-EXE-0511
    const file = resolve(this.#folder, sourcePath(location.file));
    const line = this.#importLine(file, reason) ?? this.#lineIn(file, location.line);
    return captureError('capture_failed', { file, line, reason });
  }

  /** Returns the line of an import of the author whose name does not exist: imports are written in another order. */
  #importLine(file: string, message: string): number | undefined {
    const [, name] = / for import "(.*)"$/.exec(message) ?? [];
    const outline = this.#modules?.reached.find((module) => module.outline.file === file)?.outline;
    const links = outline ? [...outline.imports.values(), ...outline.exportedAgain.values()] : [];
    const link = links.find(({ imported }) => imported === name);
    return outline && link && positionIn(outline, link.source.start).line;
  }

  #lineIn(file: string, line: number): number {
    const emitted = this.#texts.get(file);
    return emitted ? (emitted.positionBefore(line, 0)?.line ?? line) : line;
  }
}

/** Returns the inputs of a capture and of those that it was made with. */
function withInputsOf(callees: readonly CapturedCallee[], own: CaptureInputs): CaptureInputs {
  const all = [own, ...callees.map(({ capture }) => capture.inputs)];
  return {
    present: [...new Set(all.flatMap(({ present }) => present))],
    absent: [...new Set(all.flatMap(({ absent }) => absent))],
    isComplete: all.every(({ isComplete }) => isComplete),
  };
}

interface Form {
  readonly bundled: Bundled;
  /** Pieces of the bundler's output that are left before names are shortened. */
  readonly edits: readonly Piece[];
  finish(text: string): { readonly text: string; readonly map: string | undefined };
}

/** Returns the library that shortens names; it is loaded while the bundler starts. */
export function renamer(): typeof import('oxc-minify') {
  return packageRequire()('oxc-minify') as typeof import('oxc-minify');
}

/** Returns the form with the shortest names. */
function shortForm(bundled: Bundled): Form {
  const unread = [...bundled.text.matchAll(UNREAD_CALL)].map(({ index, 0: call }) => ({
    start: index,
    end: index + call.length,
    text: '0',
  }));
  return {
    bundled,
    edits: piecesOf(unread, 0, bundled.text.length),
    finish: (text) => {
      const { code, map, errors } = renamer().minifySync('bundle.mjs', text, {
        module: true,
        compress: false,
        // @spec DML-EXE-0505
        mangle: { toplevel: true },
        sourcemap: true,
      });
      if (errors[0]) throw new Error(`oxc-minify: ${errors[0].message}`);
      return { text: `${code}\n`, map: map && JSON.stringify(map) };
    },
  };
}

const UNREAD_CALL = new RegExp(String.raw`[\w$]+\([\w$]+,"${UNREAD_NAME.replace('$', '\\$')}\d+"\)`, 'g');

/** Returns the form with names and layout as the bundler prints them. */
function textForm(bundled: Bundled): Form {
  return { bundled, edits: withoutOwnNames(bundled.text), finish: (text) => ({ text, map: undefined }) };
}

/** Returns what the code of a bundle uses that the bundler does not write. */
function bannerOf(text: string): readonly string[] {
  const banner: string[] = [];
  // CommonJS code asks for built-in modules, which an ES module has no `require` for.
  if (text.includes('Dynamic require of')) banner.push(REQUIRE_BANNER);
  if (text.includes(IMPORT_META)) banner.push(META_BANNER);
  return banner;
}

const REQUIRE_BANNER =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);\n';

const META_BANNER = `const ${IMPORT_META}={url:"${BUNDLE_URL}",filename:"${BUNDLE_FILE}",dirname:"${BUNDLE_FOLDER}"};\n`;

/** Returns the paths of modules that something imports for their effect. */
function bareTargets(reached: readonly ReachedModule[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const module of reached) {
    for (const { specifier } of module.outline.bareImports) {
      const target = module.target(specifier, 'import-statement');
      if (target?.kind === 'library') found.add(target.path);
    }
  }
  return found;
}

function uniqueNatives({ natives }: Bundled): readonly NativePackage[] {
  const found = new Map(natives.map((native) => [native.specifier, native]));
  return [...found.values()].sort((a, b) => (a.specifier < b.specifier ? -1 : 1));
}

/** @spec DML-CAP-0013 */
function carriedFiles({ sizes }: Bundled): readonly CarriedFile[] {
  const files = [...sizes].map(([file, sizeBytes]) => ({ file, sizeBytes }));
  return files.sort((a, b) => b.sizeBytes - a.sizeBytes || (a.file < b.file ? -1 : 1));
}

/**
 * Returns which names of functions and classes the code of a short bundle may read. What is no reading of a name but
 * looks like one counts: any property called `name`, and the text `name` as a possible key.
 */
function observedNames(text: string): 'none' | 'constructors' | 'all' {
  const written = HELPERS.reduce((rest, helper) => rest.replace(helper, ''), text);
  if (READS_NAME.test(written)) return 'all';
  return /\bconsole\b/.test(written) ? 'constructors' : 'none';
}

/** Helpers that the bundler adds. */
const HELPERS = [/"name",\{value:/, /[\w$]+=Object\.getOwnPropertyNames/];

const READS_NAME =
  /\.name\b|["'`]name["'`]|[{,]name:|\b(getOwnPropertyNames|getOwnPropertyDescriptors|ownKeys)\b|["'](node:)?(util|assert|assert\/strict)["']/;

/** Returns the tools that shape bundles, with their versions; another version may shape the same code differently. */
function bundlerVersion(): string {
  return `esbuild ${versionOf('esbuild/package.json')}, oxc-minify ${versionOf('oxc-minify/package')}`;
}

function versionOf(manifest: string): string {
  return (packageRequire()(manifest) as { readonly version: string }).version;
}
