import { join } from 'node:path';
import { calleeKey } from '@daggerml/capture';
import type { DatumId } from '@daggerml/object-model';
import { parseFunctionUri } from '@daggerml/repository';
import { calleeDatumIds } from '../run/callees.ts';
import { LayOut } from '../script/lay-out.ts';
import { type LayOutParts, writePieces } from './lay-out-parts.ts';
import { RUN_MODULE } from './run-module.ts';

/** Code that was laid out: what makes the call, and what `call.json` says of it. */
export interface LaidOutCode {
  readonly command: readonly string[];
  readonly facts: object;
}

/** Place of a function in the folder. */
interface FunctionPlace {
  readonly file: string;
  readonly exportName: string;
}

/**
 * Lays out the bundle of a captured function, those of the functions that it calls as calls of their own, and the module
 * that calls it.
 *
 * @spec DML-EXE-3622
 */
export async function layOutFunction(parts: LayOutParts, uri: string): Promise<LaidOutCode> {
  const { objects, folder } = parts;
  const layOut = new LayOut(objects);
  const files = new Map<DatumId, string>();
  const placeOf = async (functionUri: string): Promise<FunctionPlace & { readonly key: string }> => {
    const { bundleDatumId, exportName } = parseFunctionUri(functionUri);
    const bundle = objects.readDatum(bundleDatumId);
    const sha256 = bundle.kind === 'blob' ? bundle.contentSha256 : '';
    const file = files.get(bundleDatumId) ?? `code/${sha256.slice(0, 12)}.mjs`;
    if (!files.has(bundleDatumId)) await layOut.file(bundleDatumId, join(folder, file));
    files.set(bundleDatumId, file);
    return { file, exportName, key: calleeKey(exportName, sha256) };
  };
  const { key: _, ...main } = await placeOf(uri);
  const functions: Record<string, FunctionPlace> = {};
  const open = [uri];
  const reached = new Set(open);
  for (const each of open) {
    for (const calleeId of calleesOf(parts, each)) {
      const calleeUri = uriOf(parts, calleeId);
      const { key, ...place } = await placeOf(calleeUri);
      functions[key] = place;
      if (!reached.has(calleeUri)) open.push(calleeUri);
      reached.add(calleeUri);
    }
  }
  writePieces(join(folder, 'run.mjs'), [RUN_MODULE]);
  return { command: ['node', 'run.mjs'], facts: { main, functions } };
}

function calleesOf({ objects }: LayOutParts, uri: string): readonly DatumId[] {
  return calleeDatumIds(objects.put({ type: 'datum', kind: 'uri', value: uri }), objects);
}

function uriOf({ objects }: LayOutParts, functionDatumId: DatumId): string {
  const datum = objects.readDatum(functionDatumId);
  return datum.kind === 'uri' ? datum.value : '';
}
