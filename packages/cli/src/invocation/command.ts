import type { CliIo, GlobalOptions } from '../process/cli-io.ts';
import type { Output } from '../render/output.ts';
import type { ExitCode } from './exit-code.ts';

/** Input of a command when it runs. */
export interface CommandContext {
  readonly io: CliIo;
  readonly globals: GlobalOptions;
  readonly output: Output;
  /** Positional arguments in order; absent optional ones are undefined. */
  readonly args: readonly (string | undefined)[];
  /** Options of the command by camel-case name. */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Carries a command out and returns its exit code where that is not 0; failures are thrown as `DmlError`. What a command does to
 * refs is the last thing that it does, so that a failure leaves them as they were.
 *
 * @spec DML-CLI-0503
 * @spec DML-CLI-0505
 */
export type CommandRun = (context: CommandContext) => Promise<void> | Promise<ExitCode>;

/** A command's whole interface; its code is loaded only when it runs. */
export interface CommandSpec {
  /** Words after `dml`, e.g. `dag list`. */
  readonly name: string;
  /** Other words for its last one. */
  readonly aliases?: readonly string[];
  readonly group:
    | 'Start and run'
    | 'Inspect'
    | 'Explain calls'
    | 'Compare runs'
    | 'Change refs'
    | 'Share'
    | 'Maintain';
  readonly summary: string;
  /** More than the summary says, where there is more. */
  readonly description?: string;
  /** Description of each positional argument, in order: `<name>` is required, `[name]` is not. */
  readonly arguments?: Readonly<Record<`<${string}>` | `[${string}]`, string>>;
  /** Description of each option by its syntax, e.g. `-n, --count <number>`. */
  readonly options?: Readonly<Record<string, string>>;
  /** Options that may be given several times, by their syntax. */
  readonly repeatable?: readonly string[];
  /** Other options, in camel case, that make no sense together with an option. */
  readonly conflicts?: Readonly<Record<string, readonly string[]>>;
  /** Set when an argument or option is the name of a commit, dag, node or object. */
  readonly takesReference?: true;
  readonly example: string;
  load(): Promise<{ readonly run: CommandRun }>;
}
