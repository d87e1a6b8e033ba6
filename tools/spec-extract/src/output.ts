/** Answer of a command: text for people, a value for programs, and the exit code. */
export interface Answer {
  readonly exitCode: ExitCode;
  /** Result for people, on standard output. */
  readonly text: string;
  /** The same result for programs, printed instead of the text with `--json`. */
  readonly json: unknown;
}

/** 0 green, 1 red or a mutant was not killed, 2 wrong arguments, 3 the suite cannot be read or written. */
export type ExitCode = 0 | 1 | 2 | 3;

/** The exit codes by name. */
export const EXIT: Readonly<Record<'green' | 'red' | 'usage' | 'unreadable', ExitCode>> = {
  green: 0,
  red: 1,
  usage: 2,
  unreadable: 3,
};

/** Reason why a command could not start. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Reason why the suite could not be read or written. */
export class SuiteError extends Error {
  override readonly name = 'SuiteError';
}
