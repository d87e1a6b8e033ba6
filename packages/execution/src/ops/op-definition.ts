import { type FunctionRef, isFunctionRef } from '@daggerml/capture';
import { canonicalName } from '@daggerml/object-model';
import { executionError } from '../errors.ts';

/** The phases of an op, in their order. */
export const PHASES: readonly ['validate', 'execute', 'postCheck'] = ['validate', 'execute', 'postCheck'];
export type Phase = (typeof PHASES)[number];

/** A step with an effect outside of the repository, as its author defines it. */
export interface OpDefinition extends Readonly<Partial<Record<Phase, FunctionRef>>> {
  readonly name: string;
  readonly execute: FunctionRef;
  /** Longest time of every phase, or of each; ten minutes by default. */
  readonly timeoutMs?: number | Readonly<Partial<Record<Phase, number>>> | undefined;
  /** True when an execution that failed may be followed by another. */
  readonly retryable?: boolean | undefined;
  /** Further executions of a retryable op; 2 by default. */
  readonly retries?: number | undefined;
}

/** An ordered list of ops. */
export interface OpsDefinition {
  readonly name: string;
  readonly ops: readonly OpDefinition[];
}

/** A thing that ops are applied to; `value` is what their functions are given. */
export interface OpTarget {
  readonly id: string;
  readonly value: unknown;
}

const DEFAULT_TIMEOUT_MS = 600_000;
const DEFAULT_RETRIES = 2;
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const MAX_NAME_BYTES = 64;
const MAX_TARGET_BYTES = 160;

/**
 * Throws `op_invalid` for a pipeline of ops that could not run.
 *
 * @spec DML-EXE-3700
 */
export function checkOps({ name, ops }: OpsDefinition): void {
  checkName('pipeline of ops', name);
  if (ops.length === 0) throw invalid('the pipeline has no ops');
  const names = new Set<string>();
  for (const op of ops) {
    checkOp(op);
    if (names.has(op.name)) throw invalid(`two ops have the name "${op.name}"`);
    names.add(op.name);
  }
}

function checkOp(op: OpDefinition): void {
  checkName('op', op.name);
  const where = `the op "${op.name}"`;
  if (op.execute === undefined) throw invalid(`${where} has no execute`);
  for (const phase of PHASES) {
    if (op[phase] !== undefined && !isFunctionRef(op[phase]))
      throw invalid(
        `${phase} of ${where} is no function reference; functions(new URL('./steps.ts', import.meta.url)) makes them`,
      );
    if (!isWhole(timeoutOf(op, phase), 1, MAX_TIMEOUT_MS))
      throw invalid(`timeoutMs of ${where} is no whole number of milliseconds above 0`);
  }
  if (op.retries === undefined) return;
  if (!isWhole(op.retries, 1, 1000)) throw invalid(`retries of ${where} is no whole number from 1 to 1000`);
  if (op.retryable !== true) throw invalid(`${where} has retries and is not retryable`);
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** Throws `op_invalid` for a name that could not be typed in a shell as it is. */
function checkName(what: string, name: unknown): void {
  const isName = typeof name === 'string' && /^[\p{L}\p{N}_-]+$/u.test(name) && !name.startsWith('-');
  if (!isName || Buffer.byteLength(name) > MAX_NAME_BYTES || !isCanonical(name))
    throw invalid(
      `the name of ${what === 'op' ? 'an' : 'a'} ${what} is letters, digits, "-" and "_", up to ${MAX_NAME_BYTES} bytes, not ${shown(name)}`,
    );
}

function isCanonical(name: string): boolean {
  try {
    return canonicalName(name) === name;
  } catch {
    return false;
  }
}

/**
 * Returns targets with their ids. Throws `op_invalid` for none, for one without a usable id, and for two with one id.
 *
 * @spec DML-EXE-3701
 */
export function targetsOf(values: unknown): OpTarget[] {
  if (!Array.isArray(values)) throw invalid('the targets are no list');
  if (values.length === 0) throw invalid('there are no targets');
  const places = new Map<string, number>();
  return Array.from(values, (value: unknown, at) => {
    const id =
      typeof value === 'string' ? value : (value as { readonly id?: unknown } | null | undefined)?.id;
    if (typeof id !== 'string') throw invalid(`targets[${at}] is no text and has no id that is one`);
    // A target is named in the dag and on terminals.
    if (
      id === '' ||
      Buffer.byteLength(id) > MAX_TARGET_BYTES ||
      /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u.test(id) ||
      !isCanonical(id)
    )
      throw invalid(
        `the id of targets[${at}] is text in NFC without control characters, of 1 to ${MAX_TARGET_BYTES} bytes, not ${shown(id)}`,
      );
    const other = places.get(id);
    if (other !== undefined)
      throw invalid(`targets[${other}] and targets[${at}] have the same id ${shown(id)}`);
    places.set(id, at);
    return { id, value };
  });
}

/** Returns the time limit of a phase. */
export function timeoutOf({ timeoutMs }: OpDefinition, phase: Phase): number {
  const own = typeof timeoutMs === 'object' ? timeoutMs?.[phase] : timeoutMs;
  // @spec DML-EXE-1906
  return own ?? DEFAULT_TIMEOUT_MS;
}

/** Returns how many executions may follow one that failed. */
export function retriesOf({ retryable, retries }: OpDefinition): number {
  // @spec DML-EXE-1907
  return retryable === true ? (retries ?? DEFAULT_RETRIES) : 0;
}

function invalid(reason: string): Error {
  return executionError('op_invalid', { reason });
}

/** Returns a value as JSON in ASCII, cut where it is long. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  const cut = text.length > 60 ? `${text.slice(0, 50)}… (${text.length} characters)` : text;
  return cut.replace(/[^\u0020-\u007e…]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}
