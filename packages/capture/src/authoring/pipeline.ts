const pipelineTag: unique symbol = Symbol.for('daggerml.pipeline') as never;

/** A pipeline: a function that builds a dag, and the name under which the dag is committed. */
export interface Pipeline<Dag = never, Root = unknown> {
  readonly [pipelineTag]: true;
  /** Undefined where the pipeline takes the name of its export. */
  readonly name: string | undefined;
  /** Yields the root: a handle, or a value that may hold handles. */
  readonly build: (dag: Dag) => Root;
}

/** Marks a function as a pipeline. */
export function definePipeline<Dag, Root = unknown>(
  nameOrBuild: string | ((dag: Dag) => Root),
  build?: (dag: Dag) => Root,
): Pipeline<Dag, Root> {
  const [name, builder] = typeof nameOrBuild === 'string' ? [nameOrBuild, build] : [undefined, nameOrBuild];
  if (typeof builder !== 'function')
    throw new TypeError('definePipeline needs a function that builds the dag');
  return Object.freeze({ [pipelineTag]: true as const, name, build: builder });
}

/** Checks whether a value is a pipeline, also one from another copy of this module. */
export function isPipeline(value: unknown): value is Pipeline {
  return typeof value === 'object' && value !== null && pipelineTag in value;
}
