import { resolve } from 'node:path';
import {
  captureError,
  defineOp as define,
  defineOps as defineList,
  exportsOf,
  type FunctionRef,
  isOps,
  isPipeline,
  loadModule,
  NAME_ONE,
  type OpsMark,
} from '@daggerml/capture';
import type { OpDefinition } from '@daggerml/execution';

declare const targetOf: unique symbol;

/** A thing that ops are applied to: its name, or a value with an id. Functions of ops receive it as it is. */
export type Target = string | { readonly id: string };

/** Facts that a function of an op is given besides its target; the same in every process that carries the run out. */
export interface OpContext {
  /** Id of the run. */
  readonly run: string;
  /** Name of the op. */
  readonly op: string;
  /** Number of the execution, from 1. */
  readonly attempt: number;
}

/** Answer of a check: true, or false, or what is wrong. */
export type CheckResult = boolean | string;

/** Result of an execution; a function that returns nothing returns null. */
export type ExecutionResult =
  | null
  | boolean
  | number
  | bigint
  | string
  | (object & { readonly then?: never });

type PhaseFunction<T, Result> = FunctionRef<(target: T, context: OpContext) => Result | Promise<Result>>;

/** An op as its author writes it. */
export interface OpOptions<T> extends Pick<OpDefinition, 'timeoutMs' | 'retryable' | 'retries'> {
  readonly name: string;
  /** May the op begin on this target? */
  readonly validate?: PhaseFunction<T, CheckResult>;
  /** The effect. */
  readonly execute: PhaseFunction<T, ExecutionResult>;
  /** Has the effect happened? */
  readonly postCheck?: PhaseFunction<T, CheckResult>;
}

/** A step with an effect outside of the repository, on targets of a type. */
export interface Op<in T extends Target = never> extends OpDefinition {
  readonly [targetOf]?: (target: T) => void;
}

/** Targets, or a function that finds them when a run begins. */
export type Targets<T extends Target> = readonly T[] | (() => readonly T[] | Promise<readonly T[]>);

export interface OpsOptions<T extends Target> {
  /** The targets of a run that is not given others. */
  readonly targets?: Targets<T>;
  /** Targets that are worked on at one time; 8 by default. */
  readonly parallel?: number;
}

/** An ordered list of ops that is applied to targets. */
export interface OpsPipeline<in T extends Target = never> extends OpsMark<OpDefinition, Targets<Target>> {
  readonly [targetOf]?: (target: T) => void;
}

/**
 * Defines an op from functions of a module, which are captured when a run begins.
 *
 * @spec DML-BND-1800
 */
export function defineOp<T extends Target>(op: OpOptions<T>): Op<T> {
  return define(op);
}

/** Defines an ordered list of ops; each target goes through all of them, until one fails. */
export function defineOps<T extends Target>(
  name: string,
  ops: readonly Op<T>[],
  options: OpsOptions<NoInfer<T>> = {},
): OpsPipeline<T> {
  return defineList<OpDefinition, Targets<Target>>(name, ops, options);
}

/**
 * Loads the pipeline of ops that a module exports; `wanted` is its name or that of the export, and selects one of
 * several. Throws `not_a_pipeline`, `ambiguous_pipeline` and what loading a module throws.
 *
 * @spec DML-BND-1801
 */
export async function loadOps(path: string, wanted?: string): Promise<OpsPipeline> {
  const file = resolve(path);
  const exports = exportsOf(await loadModule(file));
  const all = exports.flatMap(([exportName, ops]) =>
    isOps(ops) ? [{ exportName, ops: ops as OpsPipeline }] : [],
  );
  const pipelines = [...new Set(all.map(({ ops }) => ops.name))];
  const found = new Set(
    all.flatMap(({ exportName, ops }) =>
      wanted === undefined || ops.name === wanted || exportName === wanted ? [ops] : [],
    ),
  );
  const [only] = found;
  if (only === undefined)
    throw captureError(
      'not_a_pipeline',
      {
        file,
        wanted: wanted ?? '',
        pipelines,
        exports: exports.map(([exportName]) => exportName),
        instead:
          pipelines.length > 0
            ? NAME_ONE
            : "export one: export const rollout = defineOps('rollout', [deploy], { targets: […] })",
      },
      undefined,
      pipelines.length === 0 && exports.some(([, value]) => isPipeline(value)) ? 'calls' : undefined,
    );
  if (found.size > 1) throw captureError('ambiguous_pipeline', { file, pipelines });
  return only;
}
