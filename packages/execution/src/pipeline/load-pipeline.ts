import { resolve } from 'node:path';
import { isPipeline, type Pipeline } from '../authoring/pipeline.ts';
import { executionError } from '../errors.ts';
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
 *
 * @spec DML-BND-1202
 */
export async function loadPipeline(path: string, wanted?: string): Promise<LoadedPipeline> {
  const file = resolve(path);
  const exported = new Map<Pipeline, LoadedPipeline>();
  const module = await loadModule(file);
  for (const [exportName, pipeline] of Object.entries(module)) {
    if (!isPipeline(pipeline) || exported.has(pipeline)) continue;
    exported.set(pipeline, { pipeline, name: pipeline.name ?? exportName, exportName, file });
  }
  const found = [...exported.values()].filter(
    ({ name, exportName }) => wanted === undefined || name === wanted || exportName === wanted,
  );
  const pipelines = [...exported.values()].map(({ name }) => name);
  // @spec DML-BND-1203
  if (found.length === 0) {
    throw executionError('not_a_pipeline', {
      file,
      wanted: wanted ?? '',
      pipelines,
      exports: Object.keys(module),
    });
  }
  // @spec DML-BND-1204
  if (found.length > 1) throw executionError('ambiguous_pipeline', { file, pipelines });
  return found[0] as LoadedPipeline;
}
