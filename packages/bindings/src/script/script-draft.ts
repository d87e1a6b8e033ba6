import { basename } from 'node:path';
import { type CallOptions, type MarkedPart, type OutputSpec, partKind } from '@daggerml/capture';
import {
  type CommandWord,
  placeOfFile,
  type ScriptDeclaration,
  type ScriptFile,
  type ScriptLimits,
  type ScriptOutput,
  variableOf,
} from '@daggerml/execution';
import { checkFilePath } from '@daggerml/object-model';
import { nearest } from '@daggerml/repository';
import { bindingsError } from '../errors.ts';
import { NodeHandle } from '../node-handle.ts';
import type { ScriptOptions, ShellOptions } from './script-options.ts';
import type { ScriptPart } from './script-parts.ts';
import { dedented, ShellText } from './shell-text.ts';

/** A script that is ready to be captured, and the values that go in. */
export interface DraftedScript {
  readonly name: string;
  readonly declaration: ScriptDeclaration;
  readonly files: readonly ScriptFile[];
  readonly limits: ScriptLimits;
  /** In the order of the names of the declaration. */
  readonly values: readonly unknown[];
}

/** Surroundings of the declaration of a script. */
export interface ScriptPlace {
  /** Folder from which paths are resolved. */
  readonly folder: string;
  /** True when scripts that say nothing of it are sandboxed. */
  readonly sandbox: boolean;
}

/** Options that are those of any call. */
const CALL_OPTIONS: Readonly<Record<keyof CallOptions, true>> = {
  cache: true,
  retryFailed: true,
  timeoutMs: true,
  budgetMs: true,
  retries: true,
  retryOn: true,
  needs: true,
  label: true,
  claim: true,
};
const OPTIONS: Readonly<Record<keyof ScriptOptions, true>> = {
  command: true,
  files: true,
  inputs: true,
  output: true,
  outputs: true,
  env: true,
  name: true,
  sandbox: true,
  maxMemoryMb: true,
  maxOutputMb: true,
  ...CALL_OPTIONS,
};
const INPUT_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_NAME_CHARACTERS = 100;
/** Names in the working folder that the inputs take. */
const TAKEN = ['inputs', 'inputs.json'];

/** Returns a script of a template: a text for a shell in which each part is one word, whatever it holds. */
export function draftShell(
  strings: readonly string[],
  parts: readonly unknown[],
  { options, place }: { readonly options: ShellOptions; readonly place: ScriptPlace },
): DraftedScript {
  const draft = new ScriptDraft(options, place);
  const shell = new ShellText();
  dedented(strings.map(unescaped)).forEach((each, index) => {
    shell.add(each);
    if (index >= parts.length) return;
    const word = draft.wordOf(parts[index] as ScriptPart, true);
    // @spec DML-BND-1772
    const isAdded =
      typeof word === 'string' ? shell.addWord(word) : shell.addVariable(variableOf(word.input));
    // @spec DML-BND-1778
    if (!isAdded)
      throw invalid('a value stands between single quotes: leave the quotes away, since values are quoted');
  });
  return draft.finish(shell.text);
}

/** Throws `invalid_script` for what is neither a template nor options. */
export function refuseShell(given: unknown): never {
  throw invalid(
    `run is a tag of a template, dag.run\`…\`, and was called with ${given === null ? 'null' : typeof given}`,
  );
}

/** Returns the options of a script that are those of any call, as far as they are given. */
export function callOptionsOf(options: ShellOptions): CallOptions {
  const given = Object.entries(options).filter(
    ([name, value]) => Object.hasOwn(CALL_OPTIONS, name) && value !== undefined,
  );
  return Object.fromEntries(given);
}

/** Returns the raw text of a template without the two escapes that the language asks for. */
function unescaped(raw: string): string {
  return raw.replace(/\\(`|\$(?=\{))/g, '$1');
}

/** Returns a script of a command. */
export function draftCommand(options: ScriptOptions, place: ScriptPlace): DraftedScript {
  if (typeof options !== 'object' || options === null) throw invalid('give an object with a command');
  const draft = new ScriptDraft(options, place);
  const { command } = options;
  if (typeof command === 'string') return draft.finish(command);
  if (!Array.isArray(command)) throw invalid('its command is neither a list of words nor one text');
  return draft.finish(command.map((part) => draft.wordOf(part, false)));
}

class ScriptDraft {
  readonly #options: ShellOptions;
  readonly #place: ScriptPlace;
  readonly #files = new Map<string, ScriptFile>();
  readonly #inputs = new Map<string, unknown>();
  readonly #namesOfHandles = new Map<unknown, string>();
  readonly #outputs = new Map<string, ScriptOutput>();

  constructor(options: ShellOptions, place: ScriptPlace) {
    this.#options = options;
    this.#place = place;
    for (const key of Object.keys(options)) {
      if (Object.hasOwn(OPTIONS, key)) continue;
      const known = Object.keys(OPTIONS);
      const [meant = known.join(', ')] = nearest(key, known, 1);
      throw invalid(`there is no option "${key}": use ${meant}`);
    }
    for (const path of options.files ?? []) this.#addFile(path);
    const { inputs = {} } = options;
    for (const name of Object.keys(inputs).sort()) this.#addInput(name, inputs[name]);
  }

  /** Returns the word that a part of a command stands for; a value is an input, but for words that are text already. */
  wordOf(part: ScriptPart, isInput: boolean): CommandWord {
    if (partKind(part) !== undefined) return this.#markedWord(part as MarkedPart);
    if (!isInput && (typeof part === 'string' || typeof part === 'number')) return String(part);
    if (part === undefined) throw invalid('a part of its command is undefined');
    const known = this.#namesOfHandles.get(part);
    if (known !== undefined) return { input: known };
    const name = this.#addInput(this.#freeName(), part);
    if (part instanceof NodeHandle) this.#namesOfHandles.set(part, name);
    return { input: name };
  }

  #markedWord(part: MarkedPart): CommandWord {
    if ('path' in part) return this.#addFile(part.path).path;
    if ('value' in part) return { input: this.#addInput(part.name, part.value) };
    const output = outputOf(part.spec);
    this.#outputs.set(pathOf(part.spec), output);
    return output.path;
  }

  #freeName(): string {
    for (let number = 1; ; number += 1) if (!this.#inputs.has(`input${number}`)) return `input${number}`;
  }

  #addInput(name: string, value: unknown): string {
    if (typeof name !== 'string' || !INPUT_NAME.test(name))
      throw invalid(`"${name}" cannot name an input: use letters, digits, "_", "-" and "."`);
    const same = [...this.#inputs.keys()].find((other) => variableOf(other) === variableOf(name));
    if (same !== undefined && (same !== name || this.#inputs.get(name) !== value))
      throw invalid(
        `two inputs are named "${name}"${same === name ? '' : ` and "${same}", which is one variable`}`,
      );
    this.#inputs.set(name, value);
    return name;
  }

  #addFile(path: string): ScriptFile {
    if (typeof path !== 'string' || path === '' || path.includes('\0'))
      throw invalid('a file of it has no path');
    const file = placeOfFile(path, this.#place.folder);
    const [first = ''] = file.path.split('/');
    if (file.place === this.#place.folder)
      throw invalid(`"${path}" is the whole folder: name files or folders in it`);
    if (TAKEN.includes(first)) throw invalid(`"${path}" cannot be a file of it: its inputs are there`);
    const same = this.#files.get(file.path);
    if (same && same.place !== file.place) throw invalid(`"${path}" and "${same.place}" would be one file`);
    this.#files.set(file.path, file);
    return file;
  }

  finish(command: ScriptDeclaration['command']): DraftedScript {
    // @spec DML-BND-1777
    const { env = {}, sandbox = this.#place.sandbox, maxMemoryMb, maxOutputMb } = this.#options;
    if (command.length === 0 || command === '' || command[0] === '') throw invalid('its command is empty');
    const words = typeof command === 'string' ? [command] : command;
    if (words.some((word) => typeof word === 'string' && word.includes('\0')))
      throw invalid('its command has a NUL character');
    checkEnv(env);
    checkMb('maxMemoryMb', maxMemoryMb);
    checkMb('maxOutputMb', maxOutputMb);
    const outputs = this.#outputsOf();
    return {
      name: this.#nameOf(command),
      declaration: {
        command,
        inputs: [...this.#inputs.keys()],
        outputs,
        env,
        isSandboxed: sandbox !== false,
      },
      files: [...this.#files.values()],
      limits: {
        maxMemoryMb,
        maxOutputMb,
        readable: typeof sandbox === 'object' ? sandbox.readable : undefined,
      },
      values: [...this.#inputs.values()],
    };
  }

  /** @spec DML-BND-1773 */
  #outputsOf(): ScriptDeclaration['outputs'] {
    const { output, outputs } = this.#options;
    const ways = [output, outputs, this.#outputs.size > 0 || undefined].filter((way) => way !== undefined);
    if (ways.length > 1)
      throw invalid('its outputs are declared in two ways: use one of output, outputs and output()');
    if (outputs !== undefined) {
      const named = Object.entries(outputs).map(([name, spec]) => [name, this.#checked(outputOf(spec))]);
      return Object.fromEntries(named) as Record<string, ScriptOutput>;
    }
    const [first, ...more] = this.#outputs.values();
    if (!first) return this.#checked(outputOf(output ?? '-'));
    for (const each of this.#outputs.values()) this.#checked(each);
    return more.length === 0 ? first : Object.fromEntries(this.#outputs);
  }

  #checked(output: ScriptOutput): ScriptOutput {
    const { path } = output;
    const [first = ''] = path.split('/');
    if (TAKEN.includes(first) || this.#files.has(path))
      throw invalid(`"${path}" cannot be an output: it is there before the script runs`);
    return output;
  }

  #nameOf(command: ScriptDeclaration['command']): string {
    const { name = this.#ownName(command) } = this.#options;
    if (typeof name !== 'string' || name === '') throw invalid('its name is empty');
    return name.slice(0, MAX_NAME_CHARACTERS).toWellFormed();
  }

  #ownName(command: ScriptDeclaration['command']): string {
    const [file] = this.#files.values();
    if (file) return basename(file.path).replace(/(?<=.)\.[^.]*$/, '');
    const first = typeof command === 'string' ? /[\w./-]+/.exec(command)?.[0] : command[0];
    return (typeof first === 'string' && basename(first)) || 'script';
  }
}

/** Returns an output as it is stored. */
function outputOf(spec: OutputSpec): ScriptOutput {
  const path = pathOf(spec);
  if (typeof path !== 'string' || path === '') throw invalid('an output has no path');
  const form =
    typeof spec === 'string' ? (path.endsWith('/') ? 'folder' : 'file') : 'json' in spec ? 'json' : 'text';
  const bare = path.replace(/^\.\//, '').replace(/\/$/, '');
  try {
    return { path: checkFilePath(bare), form };
  } catch {
    throw invalid(`"${path}" cannot be an output: give a path below the working folder`);
  }
}

function pathOf(spec: OutputSpec): string {
  if (typeof spec === 'string') return spec;
  if (typeof spec === 'object' && spec !== null) return 'json' in spec ? spec.json : spec.text;
  throw invalid('an output is neither a path nor json() or text()');
}

function checkEnv(env: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(env)) {
    if (!VARIABLE.test(name) || name.startsWith('DML_'))
      throw invalid(
        `"${name}" cannot be a variable of it${name.startsWith('DML_') ? ': DML_ is reserved' : ''}`,
      );
    if (typeof value !== 'string' || value.includes('\0')) throw invalid(`its variable ${name} is no text`);
  }
}

function checkMb(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value > 0)) return;
  throw invalid(`its ${name} is not a number above 0`);
}

/** @spec DML-BND-1774 */
function invalid(reason: string): Error {
  return bindingsError('invalid_script', { reason });
}
