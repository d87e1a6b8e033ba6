import { definePipeline as define, type Pipeline } from '@daggerml/capture';
import type { Dag } from './dag.ts';
import type { ParameterSchema } from './parameter-schema.ts';
import type { GivenParameters, ParametersOf } from './parameters.ts';
import { checkDagName } from './pipeline-name.ts';
import type { Returned } from './signature.ts';
import type { Refused } from './values.ts';

/** Builds a dag and returns its root: a handle, or a value that may hold handles. */
export type BuildDag<Root = unknown> = (dag: Dag) => Root;

/** Builds a dag from the values of its parameters; see `BuildDag`. */
export type BuildWith<Params, Root = unknown> = (dag: Dag, params: Params) => Root;

/** `unknown` for a pipeline that returns its root, else a type that no function has. */
type HasRoot<Root> = [Returned<Awaited<Root>>] extends [never]
  ? unknown
  : [Returned<Awaited<Root>>] extends [Refused<string>]
    ? Returned<Awaited<Root>>
    : unknown;

/** Defaults of parameters by name, or a zod object with a field for each. */
export type ParameterDeclaration = Readonly<Record<string, unknown>> | ParameterSchema;

/** Parts of a pipeline other than its function. */
export interface PipelineOptions<Declared> {
  /** Parameters of a run: an object of defaults, or a zod object, whose values the function gets. */
  readonly parameters: Declared;
}

/** Type of the parameters of a pipeline that declares none. */
type NoParameters = Readonly<Record<string, never>>;

/** Marks a function as the pipeline of its module; without a name the pipeline takes that of its export. */
export function definePipeline<Root>(
  build: BuildDag<Root> & NoInfer<HasRoot<Root>>,
): Pipeline<Dag, Root, NoParameters>;
export function definePipeline<Root>(
  name: string,
  build: BuildDag<Root> & NoInfer<HasRoot<Root>>,
): Pipeline<Dag, Root, NoParameters>;
/** Marks a function as a pipeline with parameters, which a run may set. */
export function definePipeline<Declared extends ParameterDeclaration, Root>(
  name: string,
  options: PipelineOptions<Declared>,
  build: BuildWith<ParametersOf<Declared>, Root> & NoInfer<HasRoot<Root>>,
): Pipeline<Dag, Root, GivenParameters<Declared>>;
export function definePipeline(
  ...given:
    | readonly [build: BuildWith<never>]
    | readonly [name: string, build: BuildWith<never>]
    | readonly [name: string, options: PipelineOptions<unknown>, build: BuildWith<never>]
): Pipeline<Dag> {
  const [name] = given;
  if (typeof name === 'string') checkDagName(name);
  return define<Dag>(...given);
}
