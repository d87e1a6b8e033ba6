import { definePipeline as define, type Pipeline } from '@daggerml/capture';
import { canonicalName, isDmlError } from '@daggerml/object-model';
import type { Dag } from './dag.ts';
import { bindingsError } from './errors.ts';
import type { Returned } from './signature.ts';
import type { Refused } from './values.ts';

/** Builds a dag and returns its root: a handle, or a value that may hold handles. */
export type BuildDag<Root = unknown> = (dag: Dag) => Root;

/** `unknown` for a pipeline that returns its root, else a type that no function has. */
type HasRoot<Root> = [Returned<Awaited<Root>>] extends [never]
  ? unknown
  : [Returned<Awaited<Root>>] extends [Refused<string>]
    ? Returned<Awaited<Root>>
    : unknown;

/** Marks a function as the pipeline of its module; without a name the pipeline takes that of its export. */
export function definePipeline<Root>(build: BuildDag<Root> & NoInfer<HasRoot<Root>>): Pipeline<Dag, Root>;
export function definePipeline<Root>(
  name: string,
  build: BuildDag<Root> & NoInfer<HasRoot<Root>>,
): Pipeline<Dag, Root>;
export function definePipeline(nameOrBuild: string | BuildDag, build?: BuildDag): Pipeline<Dag> {
  if (typeof nameOrBuild === 'string') checkDagName(nameOrBuild);
  return define<Dag>(nameOrBuild, build);
}

/**
 * Throws `invalid_name` for text that cannot name a dag.
 *
 * @spec DML-BND-1201
 */
export function checkDagName(name: string): string {
  if (checkedName(name) === name) return name;
  throw bindingsError('invalid_name', { name, reason: 'not_canonical', escaped: escapesOf(name) });
}

/** Returns the canonical form of a name. Throws `invalid_name`. */
export function checkedName(name: string): string {
  try {
    return canonicalName(name);
  } catch (error) {
    if (!isDmlError(error)) throw error;
    throw bindingsError('invalid_name', { name, reason: error.detail ?? '' }, error);
  }
}

/**
 * Returns a name with escapes for what is not ASCII: one that is not in NFC looks like one that is.
 *
 * @spec DML-CLI-1209
 */
function escapesOf(name: string): string {
  return name.replace(/[^\u0020-\u007e]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}
