import { createRequire, isBuiltin } from 'node:module';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { BUNDLE_URL } from '@daggerml/capture/bundle-place';
import { type DatumId, hashBytes, sha256Hex } from '@daggerml/object-model';
import { decodeAs } from '../objects/decode-as.ts';
import { type Change, nameOf, type Realm, undo } from './realm.ts';
import type { BundleContent } from './wire.ts';

/** The exports of a module. */
type Exports = Readonly<Record<string, unknown>>;

type Natives = NonNullable<BundleContent['natives']>;

/** A bundle that is loaded. */
export interface LoadedBundle {
  readonly exports: Exports;
  /** Changes that its loading made in the realm of the thread, which are undone; undefined when it made none. */
  readonly changes: readonly Change[] | undefined;
  /** Of these, the ones that stay between calls. */
  readonly residue: readonly Change[] | undefined;
}

/** The bytes of a bundle are not those that its id names. */
export class BundleRefused extends Error {}

/** The code of a bundle threw while it was loaded, which is in `cause`. */
export class LoadFailed extends Error {}

const { defineProperty } = Reflect;
const PromiseOfThread = Promise;

/**
 * The bundles that a worker thread has loaded, each once.
 *
 * They are made of text in memory: between the comparison of the bytes with the id and their use there is no file
 * that anybody could change.
 */
export class BundleModules {
  readonly #read: (bundleDatumId: DatumId) => Promise<BundleContent>;
  readonly #realm: Realm;
  readonly #loaded = new Map<DatumId, LoadedBundle>();

  constructor(read: (bundleDatumId: DatumId) => Promise<BundleContent>, realm: Realm) {
    this.#read = read;
    this.#realm = realm;
    vouchForModules();
  }

  get(bundleDatumId: DatumId): LoadedBundle | undefined {
    return this.#loaded.get(bundleDatumId);
  }

  /** Loads a bundle in an untouched realm, and leaves it so. Throws `BundleRefused` and `LoadFailed`. */
  async load(bundleDatumId: DatumId): Promise<LoadedBundle> {
    const bundle = await this.#read(bundleDatumId);
    const outside = new OutsideModules(this.#realm, bundle.natives);
    const module = moduleOf(checkedText(bundleDatumId, bundle), outside);
    let failure: unknown;
    try {
      await module.link((specifier) => outside.linked(specifier));
      await ownPromise(module.evaluate());
    } catch (error) {
      failure = new LoadFailed('', { cause: error });
    }
    const changes = this.#realm.changes();
    if (changes && !undo(changes)) throw new Error(`its loading has changed ${nameOf(changes)} for good`);
    if (failure !== undefined) throw failure;
    const residue = changes && this.#realm.changes();
    const loaded = { exports: module.namespace as Exports, changes, residue };
    this.#loaded.set(bundleDatumId, loaded);
    return loaded;
  }
}

/** Returns the promise, which `await` then waits for without asking a prototype that its code may have changed. */
function ownPromise(promise: Promise<void>): Promise<void> {
  defineProperty(promise, 'constructor', { value: PromiseOfThread });
  return promise;
}

function checkedText(bundleDatumId: DatumId, { datum, content }: BundleContent): string {
  const record = hashBytes<'datum'>(datum) === bundleDatumId ? decodeAs('datum', datum) : undefined;
  // @spec DML-EXE-0840
  if (record?.kind !== 'blob' || sha256Hex(content) !== record.contentSha256)
    throw new BundleRefused(`the bundle ${bundleDatumId} is not what its id names`);
  return new TextDecoder().decode(content);
}

function moduleOf(text: string, outside: OutsideModules): vm.SourceTextModule {
  // @spec DML-EXE-0843
  return new vm.SourceTextModule(text, {
    // @spec DML-EXE-0844
    identifier: BUNDLE_URL,
    initializeImportMeta: (meta) => {
      meta.url = BUNDLE_URL;
    },
    importModuleDynamically: (specifier, _referrer, attributes) =>
      // As vm wants it: the exports of a module, which are typed as a module.
      import(/* @vite-ignore */ outside.placeOf(specifier), {
        with: attributes as ImportAttributes,
      }) as Promise<vm.Module>,
  });
}

const PLACED = /^\.{0,2}\/|^[a-z][a-z0-9+.-]*:/i;

/** The modules that are not in a bundle: those built into Node, and packages with machine code in their own folders. */
class OutsideModules {
  readonly #realm: Realm;
  readonly #natives: Natives;
  /** Linked modules, of which Node holds none until they are evaluated and crashes where one was collected. */
  readonly #linked: vm.Module[] = [];

  constructor(realm: Realm, natives: Natives = {}) {
    this.#realm = realm;
    this.#natives = natives;
  }

  /** Returns what an import names that code in a bundle reaches while it runs. */
  placeOf(specifier: string): string {
    const file = this.#natives[specifier];
    if (file !== undefined) return pathToFileURL(file).href;
    if (isBuiltin(specifier)) {
      this.#realm.includeModule(specifier);
      return specifier;
    }
    // @spec DML-EXE-0842
    if (!PLACED.test(specifier)) throw notFound(specifier);
    return new URL(specifier, BUNDLE_URL).href;
  }

  /** @spec DML-EXE-0845 */
  async linked(specifier: string): Promise<vm.Module> {
    if (this.#natives[specifier] === undefined && !isBuiltin(specifier)) throw notFound(specifier);
    const found = (await import(/* @vite-ignore */ this.placeOf(specifier))) as Exports;
    const exports = 'createRequire' in found ? { ...found, createRequire: requireIn(this.#realm) } : found;
    const names = Object.keys(exports);
    const module = new vm.SyntheticModule(
      names,
      () => {
        for (const name of names) module.setExport(name, exports[name]);
      },
      { identifier: specifier },
    );
    this.#linked.push(module);
    return module;
  }
}

function notFound(specifier: string): Error {
  const error = new Error(`Cannot find package '${specifier}' imported from ${BUNDLE_URL}`);
  return Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
}

/** Returns `createRequire` whose functions have the built-in modules compared that they give. */
function requireIn(realm: Realm): (place: string | URL) => NodeJS.Require {
  return (place) => {
    const require = createRequire(place);
    const compared = (specifier: string): unknown => {
      if (isBuiltin(specifier)) realm.includeModule(specifier);
      return require(specifier);
    };
    return Object.assign(compared, require);
  };
}

/** Makes the first module of text without the warning that Node prints then, which says nothing about a function. */
function vouchForModules(): void {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    new vm.SourceTextModule('');
  } finally {
    process.emitWarning = emitWarning;
  }
}
