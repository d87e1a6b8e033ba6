import { type DmlError, escapeJson, isDmlError } from '@daggerml/object-model';
import { EXIT } from '../invocation/exit-code.ts';
import type { CliIo } from '../process/cli-io.ts';
import { knownFolder } from '../process/current-folder.ts';
import { isTooManyFiles, NO_MORE_FILES, RAISE_LIMIT } from '../process/too-many-files.ts';
import { failedCallsOf } from '../render/failed-calls.ts';
import type { Output } from '../render/output.ts';
import { printable } from '../render/printable.ts';
import { sourcePosition } from '../render/source-position.ts';
import { cliError } from './cli-error.ts';
import { ERROR_TABLE } from './error-table.ts';
import { DEFECT } from './hints.ts';
import { newerRecord } from './newer-record.ts';
import { type ErrorAdvice, type ErrorWording, fillIn } from './wording.ts';

/** Parts of an error's report, before layout. */
export interface ErrorReport {
  readonly exit: number;
  readonly code: string;
  readonly detail: string | undefined;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Looks an error up in the table and fills in its wording. */
export function describeError(caught: unknown, cwd: string | undefined): ErrorReport {
  const error = isAbort(caught)
    ? cliError('interrupted', {}, caught)
    : isRawTooManyFiles(caught)
      ? cliError('too_many_files', {}, caught)
      : caught;
  if (!isDmlError(error)) return defect(error);
  const told = newerRecord(error);
  const wording = (ERROR_TABLE as Readonly<Record<string, ErrorAdvice | ErrorWording>>)[told.code];
  if (wording === undefined) return defect(error);
  const { message, hint: usual } =
    'message' in wording ? ownWording(told, wording) : advisedWording(told, wording, cwd);
  const hint = NO_MORE_FILES.has(told.fields.errno) ? RAISE_LIMIT : usual;
  return {
    // @spec DML-CLI-0501
    exit: wording.exit,
    code: told.code,
    detail: told.detail,
    message,
    hint: hint && fillIn(hint, fieldsOf(told)),
  };
}

function fieldsOf({ detail, fields }: DmlError): Readonly<Record<string, unknown>> {
  return { detail, ...fields };
}

function ownWording(error: DmlError, wording: ErrorWording): Pick<ErrorReport, 'message' | 'hint'> {
  const { message, hint } = wording.details?.[error.detail ?? ''] ?? wording;
  return { message: fillIn(message, fieldsOf(error)), hint };
}

/** Returns the words that its package gives an error, behind the place in the author's code, and what to do next. */
function advisedWording(
  error: DmlError,
  { exit, hint, details }: ErrorAdvice,
  cwd: string | undefined,
): Pick<ErrorReport, 'message' | 'hint'> {
  const { words, position, detail, fields } = error;
  const at = exit === EXIT.pipeline || position !== undefined ? sourcePosition(error, cwd) : '';
  return {
    // @spec DML-CLI-1520
    message: at === '' ? words : `${at}: ${words}`,
    // @spec DML-CLI-1521
    hint: details?.[detail ?? ''] ?? hint ?? (fields.instead === undefined ? undefined : '{instead}'),
  };
}

/** Checks whether an error is the abort of a signal, as libraries throw it. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Checks whether a raw error of too many open files has no wording of a lower package. */
function isRawTooManyFiles(error: unknown): boolean {
  return !isDmlError(error) && isTooManyFiles(error);
}

function defect(error: unknown): ErrorReport {
  return {
    exit: EXIT.defect,
    code: 'defect',
    detail: undefined,
    message: `unexpected failure: ${error instanceof Error ? error.message || error.name : String(error)}`,
    hint: DEFECT,
  };
}

/** Prints an error to standard error and yields the exit code. */
export function reportError(error: unknown, io: CliIo, output: Output): number {
  const { exit: own, code, detail, message, hint } = describeError(error, knownFolder(io));
  const exit = own === EXIT.interrupted ? codeOfEnding(io) : own;
  // @spec DML-CLI-0406
  const stack = io.env.DML_DEBUG ? stackOf(error) : undefined;
  // The engine may have said something of its own that ends in no line break. @spec DML-CLI-0440
  if (code === 'store_write_failed') output.error('');
  if (output.isJson) {
    // @spec DML-CLI-0404
    const failed = failedCallsOf(error);
    // @spec DML-CLI-1503
    const listed = failed.map(({ isRecorded, nodeId, ...call }) => ({
      nodeId: isRecorded ? nodeId : null,
      ...call,
    }));
    const failedCalls = listed.length > 0 ? listed : undefined;
    const document = { code, detail: detail ?? null, message, hint: hint ?? null, failedCalls, stack };
    output.error(escapeJson(JSON.stringify(document, undefined, 2)));
    return exit;
  }
  output.error(`${output.noteStyle('red', 'dml:')} ${printable(message)}`);
  // @spec DML-CLI-0405
  if (hint !== undefined) output.error(`hint: ${printable(hint)}`);
  if (stack !== undefined) output.error(stack);
  return exit;
}

/** @spec DML-CLI-0507 */
function codeOfEnding(io: CliIo): number {
  const endedBy = io.endedBy?.();
  if (endedBy === undefined) return EXIT.interrupted;
  return endedBy === 'SIGTERM' ? EXIT.terminated : EXIT.hungUp;
}

function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const cause = stackOf(error.cause);
  return cause === undefined ? error.stack : `${error.stack}\ncaused by: ${cause}`;
}
