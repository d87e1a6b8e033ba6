import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type DatumId, readDirectory } from '@daggerml/object-model';
import { commandText } from '@daggerml/repository';

import type { AttemptUsage } from '../adapters/port.ts';
import { errorCode } from '../files/unreadable.ts';
import type { PrintedPiece } from '../logs/call-output.ts';

import type { RunObjects } from '../objects/run-objects.ts';
import { findProgram } from '../process/find-program.ts';
import { discardPipe, type NamedPipes } from '../process/named-pipes.ts';
import { type ProcessEnd, ProcessRun } from '../process/process-run.ts';
import { LayOut } from './lay-out.ts';
import { layOutInputs } from './lay-out-inputs.ts';
import { watchMemory } from './memory-watch.ts';
import { OutputRelay } from './output-relay.ts';
import { removeAttempt } from './remove-attempt.ts';
import { sandboxed } from './sandbox.ts';
import { inputVariables, isSingle, MAX_TEXT_BYTES, type Script, STDOUT, variableOf } from './script.ts';
import { AttemptLost, ScriptFailure } from './script-failure.ts';
import type { ScriptLimits } from './script-limits.ts';
import { takeOutputs, tooLarge } from './take-outputs.ts';
import { UsageWatch } from './usage-watch.ts';

export interface AttemptRequest {
  readonly script: Script;
  readonly inputDatumIds: readonly DatumId[];
  readonly limits: ScriptLimits;
  readonly timeoutMs: number | undefined;
  /** Folder of the attempt, which is not there yet. */
  readonly folder: string;
  /** Pipes for the output of programs. */
  readonly pipes: NamedPipes;
  /** Variables that the Executor passes to everything that it runs. */
  readonly env: Readonly<Record<string, string>>;
  readonly objects: RunObjects;
  readonly onStart: (program: string) => void;
  readonly onOutput: (piece: PrintedPiece) => void;
}

/** Variable by which all processes of an attempt are found, in whatever session they are. */
const MARK = 'DML_ATTEMPT';
const MAX_OUTPUT_MB = 16 * 1024;
/** Runs the text that follows as a script; the word after that is its name. */
export const SHELL: readonly string[] = ['bash', '--noprofile', '--norc', '-euo', 'pipefail', '-c'];
/** Signals that a program brings upon itself; any other one comes from outside. */
const OWN_SIGNALS: ReadonlySet<string> = new Set([
  'SIGSEGV',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSYS',
  'SIGTRAP',
  'SIGPIPE',
]);

/** A command as the system is asked for it. */
interface AttemptCommand {
  /** The program of the script. */
  readonly program: string;
  /** The program that is started: that one, or the one that makes a sandbox for it. */
  readonly started: string;
  readonly args: readonly string[];
  readonly path: string;
}

/** One run of a script in a working folder of its own. */
export class ScriptAttempt {
  readonly #request: AttemptRequest;
  readonly #work: string;
  readonly #stdout: string;
  readonly #relays: { readonly stdout: OutputRelay; readonly stderr: OutputRelay };
  readonly #maxBytes: number;
  #run: ProcessRun | undefined;
  #watch: UsageWatch | undefined;
  /** The reason why it is ended from here; the first one counts. */
  #ending: AttemptLost | undefined;

  constructor(request: AttemptRequest) {
    const { folder, limits, onOutput } = request;
    this.#request = request;
    this.#work = join(folder, 'work');
    this.#stdout = join(folder, 'stdout');
    this.#maxBytes = (limits.maxOutputMb ?? MAX_OUTPUT_MB) * 1024 * 1024;
    this.#relays = {
      stdout: new OutputRelay((text, bytes) => onOutput({ stream: 'stdout', text, bytes })),
      stderr: new OutputRelay((text, bytes) => onOutput({ stream: 'stderr', text, bytes })),
    };
  }

  /** Resources that its processes were seen to use. */
  get usage(): AttemptUsage | undefined {
    return this.#watch?.usage;
  }

  /** Ends the attempt; it rejects with this reason. */
  stop(reason: AttemptLost): void {
    this.#ending ??= reason;
    this.#run?.stop();
  }

  /** Runs the script and returns its result; nothing of the attempt is left. */
  async run(): Promise<DatumId> {
    const { folder, script, objects } = this.#request;
    try {
      // @spec DML-EXE-3335
      for (const each of [folder, this.#work, join(folder, 'tmp')]) mkdirSync(each, { mode: 0o700 });
      const texts = await this.#layOut();
      await this.#execute(texts);
      const left = { folder: this.#work, stdout: this.#stdout, maxBytes: this.#maxBytes };
      return await takeOutputs(script.outputs, left, objects);
    } finally {
      // @spec DML-EXE-3343
      await removeAttempt(folder);
    }
  }

  async #layOut(): Promise<ReadonlyMap<string, string>> {
    const { script, inputDatumIds, objects } = this.#request;
    const inputs = script.inputs.map((name, at) => ({ name, datumId: inputDatumIds[at] as DatumId }));
    await new LayOut(objects).folder(readDirectory(script.files.root, objects), this.#work);
    const texts = await layOutInputs(inputs, this.#work, objects);
    if (this.#ending) throw this.#ending;
    return texts;
  }

  async #execute(texts: ReadonlyMap<string, string>): Promise<void> {
    const { timeoutMs, limits, onStart } = this.#request;
    const command = this.#commandOf(texts);
    const run = await this.#start(command, texts);
    this.#run = run;
    const { maxMemoryMb } = limits;
    // @spec DML-EXE-3337
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(
            () => this.stop(new AttemptLost('timeout', `it took longer than ${timeoutMs} ms`)),
            timeoutMs,
          );
    const endWatch =
      maxMemoryMb === undefined || run.pid === undefined
        ? undefined
        : watchMemory(run.pid, maxMemoryMb * 1024 * 1024, () => this.#exceedMemory(maxMemoryMb));
    const watch = run.pid === undefined ? undefined : new UsageWatch(run.pid);
    this.#watch = watch;
    onStart(command.program);
    try {
      // Output ends before Node has waited for the process, so that its time can still be read.
      const output = this.#readOutput(run).finally(() => watch?.end());
      const [end] = await Promise.all([this.#endOf(run, command.program), output]);
      if (this.#ending) throw this.#ending;
      this.#judge(end);
    } finally {
      clearTimeout(timer);
      endWatch?.();
      watch?.end();
    }
  }

  /** @spec DML-EXE-3348 */
  #exceedMemory(maxMemoryMb: number): void {
    const message = `it used more than ${maxMemoryMb} MB of memory; maxMemoryMb raises the limit`;
    this.stop(new AttemptLost('limit_exceeded', message));
  }

  async #start(command: AttemptCommand, texts: ReadonlyMap<string, string>): Promise<ProcessRun> {
    const { script, folder, pipes } = this.#request;
    const output = await pipes.takeTwo();
    if (this.#ending) {
      for (const pipe of Object.values(output ?? {})) discardPipe(pipe);
      throw this.#ending;
    }
    const mark = `${folder}/`;
    try {
      return new ProcessRun({
        program: command.started,
        args: command.args,
        folder: this.#work,
        env: { ...this.#environment(texts, command.path), [MARK]: mark },
        mark,
        output,
        pipes: script.isSandboxed ? 1 : 0,
      });
    } catch (error) {
      throw startFailure(error, command.program);
    }
  }

  #commandOf(texts: ReadonlyMap<string, string>): AttemptCommand {
    const { script, env: passed, limits } = this.#request;
    const path = script.env.PATH ?? passed.PATH ?? process.env.PATH ?? '';
    const args = this.#argsOf(texts);
    const name = args[0] ?? '';
    const program = findProgram(name, { path, folder: this.#work });
    // @spec DML-EXE-3342
    if (!program) throw new AttemptLost('program_missing', `there is no program "${name}" ${whereOf(name)}`);
    if (!script.isSandboxed) return { program, started: program, args, path };
    const readable = limits.readable ?? [];
    const inside = sandboxed({ program, args, folder: this.#work, readable, hidden: MARK, path });
    return { program, started: inside.program, args: inside.args, path };
  }

  #argsOf(texts: ReadonlyMap<string, string>): string[] {
    const { command } = this.#request.script;
    const used =
      typeof command === 'string' ? [...command.matchAll(/DML_INPUT_\w+/g)].map(([name]) => name) : [];
    for (const [name, text] of texts) {
      const isUsed = used.includes(variableOf(name));
      if (isUsed && Buffer.byteLength(text) > MAX_TEXT_BYTES) throw tooLong(name);
    }
    if (typeof command === 'string') return [...SHELL, command, 'script'];
    return command.map((word) => {
      if (typeof word === 'string') return word;
      const text = texts.get(word.input) ?? '';
      if (text.includes('\0')) throw withNul(word.input);
      if (Buffer.byteLength(text) > MAX_TEXT_BYTES) throw tooLong(word.input);
      return text;
    });
  }

  /** @spec DML-EXE-3333 */
  #environment(texts: ReadonlyMap<string, string>, path: string): Record<string, string> {
    const { script, env } = this.#request;
    return {
      // @spec DML-EXE-3334
      PATH: path,
      HOME: this.#work,
      TMPDIR: join(this.#request.folder, 'tmp'),
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      ...env,
      ...script.env,
      DML_INPUTS: 'inputs.json',
      ...inputVariables(texts),
    };
  }

  async #endOf(run: ProcessRun, program: string): Promise<ProcessEnd> {
    let end: ProcessEnd;
    let status: string | undefined;
    try {
      [end, status] = await Promise.all([run.ended, statusOf(run.pipes[0])]);
    } catch (error) {
      throw startFailure(error, program);
    }
    if (!this.#request.script.isSandboxed || status !== undefined) return end;
    if (this.#ending) throw this.#ending;
    throw new AttemptLost('sandbox_missing', `the sandbox could not be made: ${this.#relays.stderr.tail}`);
  }

  async #readOutput(run: ProcessRun): Promise<void> {
    const { outputs } = this.#request.script;
    const declared = isSingle(outputs) ? [outputs] : Object.values(outputs);
    const isOutput = declared.some(({ path }) => path === STDOUT);
    await Promise.all([
      // @spec DML-EXE-3340
      isOutput ? this.#keep(run.stdout) : this.#relays.stdout.read(run.stdout),
      this.#relays.stderr.read(run.stderr),
    ]);
  }

  /** Writes what is printed to a file. */
  async #keep(stream: Readable): Promise<void> {
    const fd = openSync(this.#stdout, 'wx', 0o600);
    let size = 0;
    try {
      for await (const piece of stream) {
        size += (piece as Buffer).length;
        if (size > this.#maxBytes) this.stop(tooLarge(this.#maxBytes));
        if (!this.#ending) writeWhole(fd, piece as Buffer);
      }
    } finally {
      closeSync(fd);
    }
  }

  #judge({ exitCode, signal }: ProcessEnd): void {
    if (exitCode === 0) return;
    const { script } = this.#request;
    const name =
      signal ?? (script.isSandboxed || typeof script.command === 'string' ? signalOf(exitCode) : undefined);
    // @spec DML-EXE-3339
    if (name !== undefined && !OWN_SIGNALS.has(name))
      throw new AttemptLost('worker_lost', `it was ended from outside by ${name}`);
    const how = name === undefined ? `with exit code ${exitCode}` : `by ${name}`;
    const tail = this.#relays.stderr.tail
      .replaceAll(`${this.#work}/`, '')
      .replaceAll(this.#request.folder, '');
    // @spec DML-EXE-3338
    throw new ScriptFailure(
      'script_failed',
      `${shownCommand(script)} ended ${how}${tail === '' ? '' : `:\n${tail}`}`,
    );
  }
}

/** @spec DML-EXE-3336 */
function tooLong(name: string): ScriptFailure {
  const message = `the input "${name}" is too long for an argument of a command: read it from inputs.json instead`;
  return new ScriptFailure('unsupported_value', message);
}

function withNul(name: string): ScriptFailure {
  const message = `the input "${name}" has a NUL character, which no argument of a command can have`;
  return new ScriptFailure('unsupported_value', message);
}

/** Returns the failure of a program that the system did not start. */
function startFailure(error: unknown, program: string): AttemptLost {
  const code = errorCode(error);
  switch (code) {
    case 'ENOENT':
      return new AttemptLost('program_missing', `"${program}" names an interpreter that is not there`);
    case 'EACCES':
    case 'ENOEXEC':
      return new AttemptLost('program_missing', `"${program}" is no program of this machine (${code})`);
    case 'E2BIG':
      return new AttemptLost('limit_exceeded', 'its arguments and variables are too long together');
    default:
      return new AttemptLost('worker_lost', `"${program}" could not be started (${code})`);
  }
}

function whereOf(name: string): string {
  return name.includes('/') ? 'that may be executed' : 'in any folder of PATH';
}

/** Returns the signal that a shell says by an exit code. */
function signalOf(exitCode: number | null): string | undefined {
  const number = (exitCode ?? 0) - 128;
  return Object.entries(constants.signals).find(([, each]) => each === number)?.[0];
}

const MAX_COMMAND_CHARACTERS = 120;

function shownCommand({ command }: Script): string {
  const text = commandText(command);
  return `"${text.length > MAX_COMMAND_CHARACTERS ? `${text.slice(0, MAX_COMMAND_CHARACTERS)}…` : text}"`;
}

/** Returns how `bwrap` says that the program ended; undefined where it did not start it. */
async function statusOf(stream: Readable | undefined): Promise<string | undefined> {
  let text = '';
  if (stream) for await (const piece of stream) text += String(piece);
  return /"exit-code"/.exec(text)?.[0];
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
