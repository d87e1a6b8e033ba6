const opsTag: unique symbol = Symbol.for('daggerml.ops') as never;

/** An ordered list of ops, and the targets that they are applied to by default. */
export interface OpsMark<Op = unknown, Targets = unknown> {
  readonly [opsTag]: true;
  readonly name: string;
  readonly ops: readonly Op[];
  readonly targets: Targets | undefined;
  readonly parallel: number | undefined;
}

/** Returns an op as its author defines it; it is checked when a run begins. */
export function defineOp<Op extends object>(op: Op): Op {
  return Object.freeze({ ...op });
}

/** Marks a list of ops as a pipeline of ops. */
export function defineOps<Op, Targets>(
  name: string,
  ops: readonly Op[],
  { targets, parallel }: { readonly targets?: Targets; readonly parallel?: number } = {},
): OpsMark<Op, Targets> {
  return Object.freeze({ [opsTag]: true as const, name, ops, targets, parallel });
}

/** Checks whether a value is a pipeline of ops, also one from another copy of this module. */
export function isOps(value: unknown): value is OpsMark {
  return typeof value === 'object' && value !== null && opsTag in value;
}
