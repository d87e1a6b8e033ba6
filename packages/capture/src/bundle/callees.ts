import { basename } from 'node:path';
import { sha256Hex } from '@daggerml/object-model';
import type { NestedCallee } from '../by-name/nested-callees.ts';
import type { Outline } from '../by-name/outline.ts';
import { type OwnModules, positionIn, type ReachedModule } from '../by-name/own-modules.ts';
import { captureError } from '../errors.ts';
import type { ExportPlace } from './capture-export.ts';

/** The key of a function in its own code, where it calls itself. */
export const SELF_KEY = 'self';

/** A function that reached code calls as a call of its own, with the place in the text that names it. */
export interface FoundCallee extends Pick<NestedCallee, 'start' | 'end'> {
  readonly place: ExportPlace | typeof SELF_KEY;
}

/**
 * Returns the key of a function in the code of those that call it: what it is, whoever calls it.
 *
 * @spec DML-CAP-0301
 */
export function calleeKey(exportName: string, bundleSha256: string): string {
  return `${exportName} ${bundleSha256}`;
}

/** Returns the key of a function whose bundle is a text. */
export function keyOfText(exportName: string, bundle: string): string {
  return calleeKey(exportName, sha256Hex(new TextEncoder().encode(bundle)));
}

/**
 * Lists the functions that a module's reached code calls as calls of their own. `callers` are the functions that are
 * being captured, the innermost last. Throws `capture_failed`.
 */
export async function calleesOf(
  module: ReachedModule,
  modules: OwnModules,
  callers: readonly ExportPlace[],
): Promise<readonly FoundCallee[]> {
  const found: FoundCallee[] = [];
  for (const callee of module.outline.nestedCallees) {
    if (!module.isReached(callee.start)) continue;
    const place = await placeOf(callee, module, modules);
    const at = callers.findIndex(
      (other) => other.path === place.path && other.exportName === place.exportName,
    );
    // @spec DML-CAP-0304
    if (at >= 0 && at < callers.length - 1) {
      const names = callers.slice(at).map(({ exportName }) => exportName);
      throw refusal(
        module.outline,
        callee,
        `${[...names, place.exportName].join(' → ')} call each other; a function may call itself, but not by way of another`,
      );
    }
    const { start, end } = callee;
    // @spec DML-CAP-0303
    found.push({ start, end, place: at >= 0 ? SELF_KEY : place });
  }
  return found;
}

async function placeOf(
  callee: NestedCallee,
  module: ReachedModule,
  modules: OwnModules,
): Promise<ExportPlace> {
  const { outline } = module;
  const { binding } = callee;
  // @spec DML-CAP-0302
  if (!binding)
    throw refusal(outline, callee, 'call() takes the name of an exported function, written directly');
  const link = outline.imports.get(binding);
  if (link) {
    const target = await modules.targetOf(module, link.source);
    if (target.kind !== 'own' || link.imported === '*')
      throw refusal(
        outline,
        callee,
        `call() takes a function of your own files; wrap ${binding.name} in an exported function`,
      );
    return { path: target.module.outline.file, exportName: link.imported };
  }
  const exported = [...outline.exports].filter(([, declared]) => declared === binding).map(([name]) => name);
  const exportName = exported.find((name) => name === binding.name) ?? exported[0];
  if (exportName === undefined)
    throw refusal(
      outline,
      callee,
      `call(${binding.name}, …) needs ${binding.name} to be exported from ${basename(outline.file)}`,
    );
  return { path: outline.file, exportName };
}

function refusal(outline: Outline, { start }: NestedCallee, reason: string): Error {
  return captureError('capture_failed', { ...positionIn(outline, start), reason });
}
