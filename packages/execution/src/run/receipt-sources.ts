import { relative, sep } from 'node:path';
import type { CarriedLibrary } from '@daggerml/capture';
import { sha256Hex } from '@daggerml/object-model';
import type { FunctionSources } from '@daggerml/repository';
import { blob } from '@daggerml/values';
import type { CapturedFacts } from './callee.ts';

/** Facts of a capture that a receipt names. */
export type ReceiptFacts = Pick<CapturedFacts, 'natives' | 'bundler' | 'libraries' | 'sources' | 'callees'>;

/** Sources of a function and of those that it calls. */
interface AllSources {
  /** Files of the author by their paths from the folder of the function's module. */
  readonly files: ReadonlyMap<string, string>;
  readonly libraries: readonly CarriedLibrary[];
}

/** Returns the sources of a captured function as a receipt holds them. */
export function receiptSources(captured: ReceiptFacts): object | undefined {
  const { files, libraries } = sourcesOf(captured);
  if (files.size === 0) return undefined;
  return { files: new Map([...files].map(([path, text]) => [path, blob(text)])), libraries };
}

/** Returns the sources of a captured function for a comparison with recorded ones. */
export function presentSources(captured: ReceiptFacts): FunctionSources {
  const { files, libraries } = sourcesOf(captured);
  const texts = [...files].map(
    ([path, text]) =>
      [path, { sha256: sha256Hex(new TextEncoder().encode(text)), text: () => text }] as const,
  );
  return { files: new Map(texts), libraries, bundler: captured.bundler };
}

/**
 * Returns the sources of a function and of the functions that it calls as nodes.
 *
 * @spec DML-EXE-3512
 */
function sourcesOf(captured: ReceiptFacts): AllSources {
  const files = new Map<string, string>();
  const libraries = new Map<string, CarriedLibrary>();
  const { folder } = captured.sources();
  const reached = new Set<ReceiptFacts>([captured]);
  for (const each of reached) {
    for (const { file, text } of each.sources().files)
      files.set(relative(folder, file).replaceAll(sep, '/'), text);
    for (const library of each.libraries) libraries.set(`${library.name} ${library.sha256}`, library);
    for (const callee of each.callees.values()) reached.add(callee);
  }
  return { files, libraries: [...libraries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each) };
}
