import { checkFilePath, type DatumId, type MapDatum } from '@daggerml/object-model';
import { repositoryError } from '@daggerml/repository';
import { liftDatum } from '@daggerml/values';
import type { RunObjects } from '../objects/run-objects.ts';

/** Schema of the datums of scripts that this version makes and runs. */
const SCRIPT_SCHEMA = 1;

/** The path of an output that is what the script prints. */
export const STDOUT = '-';

/** An output of a script: where it is, and what becomes of it. */
export interface ScriptOutput {
  /** Path below the working folder, or `-`. */
  readonly path: string;
  readonly form: 'file' | 'folder' | 'json' | 'text';
}

/** A word of a command: text, or the text of an input. */
export type CommandWord = string | { readonly input: string };

/** A script without its files: what is run, and what goes in and comes out. */
export interface ScriptDeclaration {
  /** Text for a shell, or the words of a command that needs none. */
  readonly command: string | readonly CommandWord[];
  /** Names of the inputs, in the order of the inputs of a call. */
  readonly inputs: readonly string[];
  /** Outputs by name, or the one output that is the whole result. */
  readonly outputs: Readonly<Record<string, ScriptOutput>> | ScriptOutput;
  readonly env: Readonly<Record<string, string>>;
  readonly isSandboxed: boolean;
}

/** A script as it is run. */
export interface Script extends ScriptDeclaration {
  readonly files: MapDatum;
}

/** Checks whether outputs are one that is the whole result. */
export function isSingle(outputs: ScriptDeclaration['outputs']): outputs is ScriptOutput {
  return typeof outputs.path === 'string';
}

/**
 * Returns the value that a script is stored as.
 *
 * @spec DML-EXE-3321
 */
export function scriptValue(
  { command, inputs, outputs, env, isSandboxed }: ScriptDeclaration,
  files: Readonly<Record<string, unknown>>,
): object {
  return {
    schema: SCRIPT_SCHEMA,
    command,
    files,
    inputs,
    ...(isSingle(outputs) ? { output: outputs } : { outputs }),
    ...(Object.keys(env).length > 0 && { env }),
    ...(isSandboxed && { sandbox: true }),
  };
}

interface StoredScript {
  readonly schema?: unknown;
  readonly command: ScriptDeclaration['command'];
  readonly inputs: readonly string[];
  readonly output?: ScriptOutput;
  readonly outputs?: Readonly<Record<string, ScriptOutput>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly sandbox?: boolean;
}

/** Reads a script. Throws `adapter_unknown` for one that this version does not know how to run. */
export function readScript(scriptDatumId: DatumId, uri: string, objects: RunObjects): Script {
  const stored = liftDatum(objects, scriptDatumId) as Partial<StoredScript> | null;
  // @spec DML-EXE-3322
  if (stored?.schema !== SCRIPT_SCHEMA) throw repositoryError('adapter_unknown', { uri });
  const { command, inputs, output, outputs, env = {}, sandbox = false } = stored as StoredScript;
  const declared = output ?? outputs ?? {};
  const paths = isSingle(declared) ? [declared.path] : Object.values(declared).map(({ path }) => path);
  for (const path of paths) checkFilePath(path);
  for (const name of inputs) checkFilePath(name);
  return {
    command,
    inputs,
    outputs: declared,
    env,
    isSandboxed: sandbox,
    files: filesOf(scriptDatumId, objects),
  };
}

function filesOf(scriptDatumId: DatumId, objects: RunObjects): MapDatum {
  const datum = objects.readDatum(scriptDatumId);
  const entries = datum.kind === 'map' && typeof datum.root !== 'string' ? datum.root : [];
  const element = entries.find(([key]) => key === 'files')?.[1];
  const files = typeof element === 'string' ? objects.readDatum(element) : undefined;
  return files?.kind === 'map' ? files : { type: 'datum', kind: 'map', root: [] };
}

/** Longest text of an input that is a variable; the system takes 128 KiB for each. */
export const MAX_TEXT_BYTES: number = 100 * 1024;

/** Returns the variables that inputs are in by their texts; text that no variable can hold is in none. */
export function inputVariables(texts: ReadonlyMap<string, string>): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, text] of texts)
    if (Buffer.byteLength(text) <= MAX_TEXT_BYTES && !text.includes('\0')) variables[variableOf(name)] = text;
  return variables;
}

/** Returns the variable that an input is in. */
export function variableOf(inputName: string): string {
  return `DML_INPUT_${inputName.replace(/[^A-Za-z0-9_]/g, '_')}`;
}
