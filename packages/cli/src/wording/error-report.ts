import { type DmlError, escapeJson, isDmlError, nfcText } from '@daggerml/object-model';
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
import { newerRecord } from './newer-record.ts';
import { endOfRun } from './run-failure.ts';
import { type ErrorWording, fillIn } from './wording.ts';

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
  const told = newerRecord(endOfRun(error));
  const wording = (ERROR_TABLE as Readonly<Record<string, ErrorWording>>)[told.code];
  if (wording === undefined) return defect(error);
  const { message, hint: usual } = wording.details?.[told.detail ?? ''] ?? wording;
  const hint = NO_MORE_FILES.has(told.fields.errno) ? RAISE_LIMIT : usual;
  const fields = {
    detail: told.detail,
    position: sourcePosition(told, cwd),
    escaped: escapesOf(told.fields.name),
    ...told.fields,
  };
  return {
    // @spec DML-CLI-0501
    exit: wording.exit,
    code: told.code,
    detail: told.detail,
    message: message === undefined ? wordsOf(told) : fillIn(message, fields),
    hint: hint === undefined ? undefined : fillIn(hint, fields),
  };
}

/** Returns the words that the package of an error gives it. */
function wordsOf({ code, message }: DmlError): string {
  return message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message;
}

/**
 * Returns a name that is not in NFC with escapes for what is not ASCII, since it looks like one that is.
 *
 * @spec DML-CLI-1209
 */
function escapesOf(name: unknown): string | undefined {
  if (typeof name !== 'string' || !name.isWellFormed() || nfcText(name) === name) return undefined;
  return name.replace(/[^\u0020-\u007e]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
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
    hint: 'this is a defect of dml: run it again with DML_DEBUG=1 and report what it prints',
  };
}

/**
 * Prints an error to standard error and yields the exit code.
 *
 * @spec DML-CLI-0405
 */
export function reportError(error: unknown, io: CliIo, output: Output): number {
  const { exit: own, code, detail, message, hint } = describeError(error, knownFolder(io));
  const exit = own === EXIT.interrupted ? codeOfEnding(io) : own;
  // @spec DML-CLI-0406
  const stack = io.env.DML_DEBUG && error instanceof Error ? stackOf(error) : undefined;
  // The engine may have said something of its own that ends in no line break. @spec DML-CLI-0440
  if (code === 'store_write_failed') output.error('');
  if (output.isJson) {
    // @spec DML-CLI-0404
    const failed = failedCallsOf(error);
    // @spec DML-CLI-1503
    const failedCalls = failed.length > 0 ? failed : undefined;
    const document = { code, detail: detail ?? null, message, hint: hint ?? null, failedCalls, stack };
    output.error(escapeJson(JSON.stringify(document, undefined, 2)));
    return exit;
  }
  output.error(`${output.noteStyle('red', 'dml:')} ${printable(message)}`);
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

function stackOf(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\ncaused by: ${stackOf(error.cause)}` : stack;
}
