import type { BindingsErrorCode } from '@daggerml/bindings';
import type { ExecutionErrorCode } from '@daggerml/execution';
import type { ErrorCode as ObjectModelErrorCode } from '@daggerml/object-model';
import type { StoreErrorCode } from '@daggerml/store';
import type { CliErrorCode } from './cli-error.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** Every code a command can end with. */
export type AnyErrorCode =
  | CliErrorCode
  | BindingsErrorCode
  | ExecutionErrorCode
  | StoreErrorCode
  | ObjectModelErrorCode;

/** How the command line words an error: `{field}` is filled in from the error's fields. */
export interface ErrorWording {
  readonly exit: ExitCode;
  readonly message: string;
  readonly hint?: string;
}

const DAMAGED = 'run "dml verify" to see what else is damaged; a copy or a remote may still have it';
const FREE_SPACE = 'nothing of this step was kept; free space or mend permissions, then run the command again';
const DEFECT = 'this is a defect of dml: please report it with the command and DML_DEBUG=1';

/**
 * Error code → exit code, wording and next step; the one place that knows them.
 *
 * @spec DML-CLI-0502
 */
export const ERROR_TABLE: Readonly<Record<AnyErrorCode, ErrorWording>> = {
  // the command line itself
  unknown_command: {
    exit: EXIT.usage,
    message: 'there is no command "{word}"',
    hint: 'did you mean: {nearest}? "dml --help" lists all commands',
  },
  unknown_option: {
    exit: EXIT.usage,
    message: 'there is no option "{word}"',
    hint: 'did you mean: {nearest}? "dml <command> --help" lists a command\'s options',
  },
  missing_argument: {
    exit: EXIT.usage,
    message: 'the argument "{word}" is missing',
    hint: '"dml <command> --help" shows what it takes',
  },
  invalid_argument: { exit: EXIT.usage, message: '{problem}', hint: '"dml <command> --help" shows what it takes' },
  path_exists: {
    exit: EXIT.refused,
    message: '"{path}" exists',
    hint: 'choose another path, or give --force to overwrite it',
  },
  unwritable_path: { exit: EXIT.storage, message: '"{path}" cannot be written: {problem}' },
  not_exportable: {
    exit: EXIT.refused,
    message: '"{name}" is {found}, not a blob and not a map',
    hint: '"dml cat {name}" prints it',
  },
  branch_exists: {
    exit: EXIT.refused,
    message: 'the branch "{branch}" exists',
    hint: 'choose another name, or "dml merge {branch} <source>" to move it forward',
  },
  interrupted: { exit: EXIT.interrupted, message: 'interrupted; finished calls are kept', hint: 'run it again to go on' },
};
