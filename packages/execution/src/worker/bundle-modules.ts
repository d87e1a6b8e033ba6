import { isBuiltin } from 'node:module';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { BUNDLE_URL } from '@daggerml/capture';
import { type DatumId, hashBytes, sha256Hex } from '@daggerml/object-model';
import { decodeAs } from '../objects/decode-as.ts';
import type { BundleContent } from './wire.ts';

/** What a module exports. */
type Exports = Readonly<Record<string, unknown>>;

type Natives = NonNullable<BundleContent['natives']>;

/** What came as a bundle is not what its id names. */
export class BundleRefused extends Error {}

/**
 * The bundles that a worker thread has loaded, each once.
 *
 * They are made of text in memory: between the comparison of the bytes with the id and their use there is no file
 * that anybody could change.
 */
export class BundleModules {
  readonly #read: (bundleDatumId: DatumId) => Promise<BundleContent>;
  readonly #loaded = new Map<DatumId, Promise<Exports>>();

  constructor(read: (bundleDatumId: DatumId) => Promise<BundleContent>) {
    this.#read = read;
    vouchForModules();
  }

  /** Yields what a bundle exports. Throws `BundleRefused`, and what its code throws while it is loaded. */
  load(bundleDatumId: DatumId): Promise<Exports> {
    let loaded = this.#loaded.get(bundleDatumId);
    if (loaded === undefined) {
      loaded = this.#read(bundleDatumId).then((bundle) =>
        evaluated(checkedText(bundleDatumId, bundle), bundle.natives),
      );
      this.#loaded.set(bundleDatumId, loaded);
    }
    return loaded;
  }
}

/** @spec DML-EXE-0840 */
function checkedText(bundleDatumId: DatumId, { datum, content }: BundleContent): string {
  const record = hashBytes<'datum'>(datum) === bundleDatumId ? decodeAs('datum', datum) : undefined;
  if (record?.kind !== 'blob' || sha256Hex(content) !== record.contentSha256)
    throw new BundleRefused(`the bundle ${bundleDatumId} is not what its id names`);
  return new TextDecoder().decode(content);
}

async function evaluated(text: string, natives: Natives = {}): Promise<Exports> {
  // @spec DML-EXE-0843
  const module = new vm.SourceTextModule(text, {
    // @spec DML-EXE-0844
    identifier: BUNDLE_URL,
    initializeImportMeta: (meta) => {
      meta.url = BUNDLE_URL;
    },
    importModuleDynamically: (specifier, _referrer, attributes) =>
      // As vm wants it: the exports of a module, which are typed as a module.
      import(/* @vite-ignore */ natives[specifier] ? placeOf(natives[specifier]) : found(specifier), {
        with: attributes as ImportAttributes,
      }) as Promise<vm.Module>,
  });
  await module.link((specifier) => outsideModule(specifier, natives[specifier]));
  await module.evaluate();
  return module.namespace as Exports;
}

const PLACED = /^\.{0,2}\/|^[a-z][a-z0-9+.-]*:/i;

/** Returns what an import names that code in a bundle reaches while it runs. */
function found(specifier: string): string {
  if (isBuiltin(specifier)) return specifier;
  // @spec DML-EXE-0842
  if (!PLACED.test(specifier)) throw notFound(specifier);
  return new URL(specifier, BUNDLE_URL).href;
}

function notFound(specifier: string): Error {
  const error = new Error(`Cannot find package '${specifier}' imported from ${BUNDLE_URL}`);
  return Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
}

/**
 * Returns a module that is not in the bundle: one built into Node, or a package with machine code in its own folder.
 *
 * @spec DML-EXE-0845
 */
async function outsideModule(specifier: string, file: string | undefined): Promise<vm.Module> {
  if (file === undefined && !isBuiltin(specifier)) throw notFound(specifier);
  const exports = (await import(
    /* @vite-ignore */ file === undefined ? specifier : placeOf(file)
  )) as Exports;
  const names = Object.keys(exports);
  const module = new vm.SyntheticModule(
    names,
    () => {
      for (const name of names) module.setExport(name, exports[name]);
    },
    { identifier: specifier },
  );
  return module;
}

function placeOf(file: string): string {
  return pathToFileURL(file).href;
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
