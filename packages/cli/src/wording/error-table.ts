import type { BindingsErrorCode } from '@daggerml/bindings';
import type { ExecutionErrorCode } from '@daggerml/execution';
import type { ErrorCode as ObjectModelErrorCode } from '@daggerml/object-model';
import type { StoreErrorCode } from '@daggerml/store';
import type { CliErrorCode } from './cli-error.ts';
import { COMMAND_LINE_WORDINGS } from './command-line.ts';
import { RECORD_WORDINGS } from './records.ts';
import { REPOSITORY_WORDINGS } from './repository.ts';
import { STORE_WORDINGS } from './store.ts';
import type { ErrorWording } from './wording.ts';
import { WORK_WORDINGS } from './work.ts';

/** Every code a command can end with. */
export type AnyErrorCode =
  | CliErrorCode
  | BindingsErrorCode
  | ExecutionErrorCode
  | StoreErrorCode
  | ObjectModelErrorCode;

/**
 * Error code → exit code, wording and next step; the one place that knows them.
 *
 * @spec DML-CLI-0502
 */
export const ERROR_TABLE: Readonly<Record<AnyErrorCode, ErrorWording>> = {
  ...COMMAND_LINE_WORDINGS,
  ...REPOSITORY_WORDINGS,
  ...WORK_WORDINGS,
  ...STORE_WORDINGS,
  ...RECORD_WORDINGS,
};
