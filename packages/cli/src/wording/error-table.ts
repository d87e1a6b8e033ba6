import type { BindingsErrorCode } from '@daggerml/bindings';
import type { ExecutionErrorCode } from '@daggerml/execution';
import type { ErrorCode as ObjectModelErrorCode } from '@daggerml/object-model';
import type { StoreErrorCode } from '@daggerml/store';
import type { CliErrorCode } from './cli-error.ts';
import { COMMAND_LINE_WORDINGS } from './command-line.ts';
import { RECORD_ADVICE } from './records.ts';
import { REPOSITORY_ADVICE } from './repository.ts';
import { STORE_ADVICE } from './store.ts';
import type { ErrorAdvice, ErrorWording } from './wording.ts';
import { WORK_ADVICE } from './work.ts';

/** Every code a command can end with. */
export type AnyErrorCode =
  | CliErrorCode
  | BindingsErrorCode
  | ExecutionErrorCode
  | StoreErrorCode
  | ObjectModelErrorCode;

/**
 * Error code → exit code and next step, and words for the codes of the command line; the one place that knows them.
 *
 * @spec DML-CLI-0502
 */
export const ERROR_TABLE: Readonly<Record<AnyErrorCode, ErrorAdvice | ErrorWording>> = {
  ...COMMAND_LINE_WORDINGS,
  ...REPOSITORY_ADVICE,
  ...WORK_ADVICE,
  ...STORE_ADVICE,
  ...RECORD_ADVICE,
};
