import { readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { isOps } from '../authoring/ops.ts';
import { isPipeline, type Pipeline } from '../authoring/pipeline.ts';
import { captureError } from '../errors.ts';
import { loadModule } from './load-module.ts';

export interface LoadedPipeline {
  readonly pipeline: Pipeline;
  /** The name that the dag is committed under. */
  readonly name: string;
  readonly exportName: string;
  /** Absolute path of the module. */
  readonly file: string;
}

/**
 * Loads the pipeline that a module exports; `wanted` is a pipeline's or an export's name and selects one of
 * several. Throws `not_a_pipeline`, `ambiguous_pipeline` and what `loadModule` throws.
 */
export async function loadPipeline(path: string, wanted?: string): Promise<LoadedPipeline> {
  const file = resolve(path);
  const exported = new Map<Pipeline, LoadedPipeline>();
  // @spec DML-BND-1202
  const exports = exportsOf(await loadModule(file));
  for (const [exportName, pipeline] of exports) {
    if (!isPipeline(pipeline) || exported.has(pipeline)) continue;
    exported.set(pipeline, { pipeline, name: pipeline.name ?? exportName, exportName, file });
  }
  const found = [...exported.values()].filter(
    ({ name, exportName }) => wanted === undefined || name === wanted || exportName === wanted,
  );
  const pipelines = [...exported.values()].map(({ name }) => name);
  // @spec DML-BND-1203
  if (found.length === 0) {
    // @spec DML-BND-1214
    const instead = pipelines.length > 0 ? NAME_ONE : isCommonJs(file) ? EXPORT_FROM_COMMONJS : EXPORT;
    const fields = { file, wanted: wanted ?? '', pipelines, exports: exports.map(([name]) => name), instead };
    const isOther = pipelines.length === 0 && exports.some(([, value]) => isOps(value));
    throw captureError('not_a_pipeline', fields, undefined, isOther ? 'ops' : undefined);
  }
  // @spec DML-BND-1204
  if (found.length > 1) throw captureError('ambiguous_pipeline', { file, pipelines });
  return found[0] as LoadedPipeline;
}

/**
 * Returns the exports of a module by name; those of a CommonJS module are the properties of its default export.
 *
 * @spec DML-BND-1212
 */
export function exportsOf(module: Readonly<Record<string, unknown>>): (readonly [string, unknown])[] {
  const { default: whole } = module;
  if (Object.keys(module).length !== 1 || typeof whole !== 'object' || whole === null || isPipeline(whole))
    return Object.entries(module);
  return Object.entries(whole);
}

/** The next step where the file exports pipelines, and none of the wanted name. */
export const NAME_ONE = 'name one that it exports';
const EXPORT = "export one: export const name = definePipeline('name', async (dag) => { … })";
const EXPORT_FROM_COMMONJS =
  "export one, in CommonJS as here: exports.name = definePipeline('name', async (dag) => { … })";

/** Checks whether a file is written as CommonJS, as far as that can be seen; an empty one is not. */
function isCommonJs(file: string): boolean {
  if (/^\.c[jt]s$/.test(extname(file))) return true;
  const text = readFileSync(file, 'utf8');
  return !/^\s*(?:import|export)\b/m.test(text) && /\bexports\b|\brequire\(/.test(text);
}
