const pipelineTag: unique symbol = Symbol.for('daggerml.pipeline') as never;

/**
 * A pipeline: a function that builds a dag, and the name under which the dag is committed. `Given` is the type of the
 * parameters that a run may give.
 */
export interface Pipeline<Dag = never, Root = unknown, Given = unknown> {
  readonly [pipelineTag]: true;
  /** Undefined where the pipeline takes the name of its export. */
  readonly name: string | undefined;
  /** Defaults or schema of the parameters; undefined for a pipeline that has none. */
  readonly parameters: unknown;
  /** Only a type: no pipeline has this property. */
  readonly given?: Given;
  /** Returns the root: a handle, or a value that may hold handles. */
  readonly build: (dag: Dag, ...params: never[]) => Root;
}

type Build<Dag, Root> = Pipeline<Dag, Root>['build'];

/** Parts of a pipeline other than its function. */
export interface PipelineOptions {
  readonly parameters?: unknown;
}

/** Marks a function as a pipeline. */
export function definePipeline<Dag, Root = unknown>(
  ...given:
    | readonly [build: Build<Dag, Root>]
    | readonly [name: string, build: Build<Dag, Root>]
    | readonly [name: string, options: PipelineOptions, build: Build<Dag, Root>]
): Pipeline<Dag, Root> {
  const build = given.at(-1);
  const name = typeof given[0] === 'string' ? given[0] : undefined;
  const options = given.length === 3 ? given[1] : undefined;
  if (typeof build !== 'function') throw new TypeError('definePipeline needs a function that builds the dag');
  return Object.freeze({ [pipelineTag]: true as const, name, parameters: options?.parameters, build });
}

/** Checks whether a value is a pipeline, also one from another copy of this module. */
export function isPipeline(value: unknown): value is Pipeline {
  return typeof value === 'object' && value !== null && pipelineTag in value;
}
