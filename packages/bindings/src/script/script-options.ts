import type { CallOptions, OutputSpec, ScriptOutputPart } from '@daggerml/capture';
import type { BlobHandle } from '@daggerml/values';
import type { OutputValue, ScriptPart } from './script-parts.ts';

/** Options of a script whose command is given apart. */
export interface ShellOptions extends CallOptions {
  /** Files and folders that belong to the script, by paths from the folder of the pipeline. */
  readonly files?: readonly string[];
  /** Values and handles by name. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** The result; what the script prints, as a blob, by default. */
  readonly output?: OutputSpec;
  /** Results by name, instead of one. */
  readonly outputs?: Readonly<Record<string, OutputSpec>>;
  /** Variables of the environment that belong to the script: another value is another script. */
  readonly env?: Readonly<Record<string, string>>;
  /** The name in reports; that of its first file, or of its program, by default. */
  readonly name?: string;
  /** True for a run that sees nothing but the system and its inputs, without a network; `readable` shows more. */
  readonly sandbox?: boolean | { readonly readable: readonly string[] };
  /** Memory that all processes of a run may use together; no limit by default. */
  readonly maxMemoryMb?: number;
  /** Size of all outputs together; 16,384 by default. */
  readonly maxOutputMb?: number;
}

/** A script as its author declares it. */
export interface ScriptOptions extends ShellOptions {
  /** Words of a command that is started without a shell, or one text for a shell. */
  readonly command: string | readonly ScriptPart[];
}

type IsUnion<T, All = T> = T extends unknown ? ([All] extends [T] ? false : true) : never;

/** Outputs that the parts of a command declare: what is printed without one, one alone, or a map by paths. */
type OutputOfParts<Parts> = Parts extends readonly (infer Part)[]
  ? OutputOfSpecs<Part extends ScriptOutputPart<infer S> ? S : never>
  : BlobHandle;

type OutputOfSpecs<S> = [S] extends [never]
  ? BlobHandle
  : true extends IsUnion<S>
    ? { [Each in S as PathOf<Each>]: OutputValue<Each> }
    : OutputValue<S>;

type PathOf<S> = S extends string ? S : S extends { readonly json: infer P extends string } ? P : string;

/**
 * Value of a script.
 *
 * @spec DML-BND-1775
 */
export type ScriptValue<Options, Parts = unknown> = Options extends { readonly outputs: infer Outputs }
  ? { -readonly [Name in keyof Outputs]: OutputValue<Outputs[Name]> }
  : Options extends { readonly output: infer S }
    ? OutputValue<S>
    : OutputOfParts<Options extends { readonly command: infer Command } ? Command : Parts>;
