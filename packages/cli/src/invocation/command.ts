import type { CliIo, GlobalOptions } from '../process/cli-io.ts';
import type { Output } from '../render/output.ts';
import type { ExitCode } from './exit-code.ts';

/** One positional argument: `<name>` is required, `[name]` is not. */
export interface ArgumentSpec {
  readonly syntax: `<${string}>` | `[${string}]`;
  readonly description: string;
}

/** One option in commander's syntax, e.g. `-n, --count <number>`. */
export interface OptionSpec {
  readonly syntax: string;
  readonly description: string;
  /** Options of the command, in camel case, that make no sense together with this one. */
  readonly conflicts?: readonly string[];
}

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
  readonly group: 'Start and run' | 'Inspect' | 'Change refs' | 'Maintain';
  readonly summary: string;
  /** More than the summary says, where there is more. */
  readonly description?: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** Set when an argument or option is the name of a commit, dag, node or object. */
  readonly takesReference?: true;
  readonly example: string;
  load(): Promise<{ readonly run: CommandRun }>;
}
