const partTag: unique symbol = Symbol.for('daggerml.scriptPart') as never;

/** A file or folder that belongs to a script. */
export interface ScriptFilePart {
  readonly [partTag]: 'file';
  readonly path: string;
}

/** An input of a script with its name. */
export interface ScriptInputPart {
  readonly [partTag]: 'input';
  readonly name: string;
  readonly value: unknown;
}

/** An output that is read as JSON. */
export interface JsonOutput<T = unknown> {
  readonly json: string;
  /** Carries the type of the value; never there. */
  readonly valueType?: T;
}

/** An output that is read as UTF-8 text. */
export interface TextOutput {
  readonly text: string;
}

/**
 * An output of a script: a path in its working folder, one that ends in a slash for a folder; `-` is what it prints.
 */
export type OutputSpec = string | JsonOutput | TextOutput;

/** An output of a script, where its command names it. */
export interface ScriptOutputPart<Spec extends OutputSpec = OutputSpec> {
  readonly [partTag]: 'output';
  readonly spec: Spec;
}

/** A part of a command that is no value. */
export type MarkedPart = ScriptFilePart | ScriptInputPart | ScriptOutputPart;

/**
 * Returns a file or folder that belongs to a script, such as its source, by a path from the folder of the pipeline. It is
 * captured with the script; in a command it stands for its path.
 */
export function file(path: string): ScriptFilePart {
  return { [partTag]: 'file', path };
}

/**
 * Returns an input of a script with its name, which a file takes: `input('data.csv', handle)`. In a command it stands for
 * its text, or for the path of its file or folder.
 */
export function input(name: string, value: unknown): ScriptInputPart {
  return { [partTag]: 'input', name, value };
}

/** Returns an output of a script; in a command it stands for its path. */
export function output<const Spec extends OutputSpec>(spec: Spec): ScriptOutputPart<Spec> {
  return { [partTag]: 'output', spec };
}

/** Returns an output that is read as JSON; what the script prints by default. */
export function json<T = unknown>(path = '-'): JsonOutput<T> {
  return { json: path };
}

/** Returns an output that is read as UTF-8 text; what the script prints by default. */
export function text(path = '-'): TextOutput {
  return { text: path };
}

/** Returns the kind of a part of a command; undefined for a value, also one of another copy of this module. */
export function partKind(part: unknown): 'file' | 'input' | 'output' | undefined {
  return typeof part === 'object' && part !== null ? (part as Partial<MarkedPart>)[partTag] : undefined;
}
