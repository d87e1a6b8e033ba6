import { type DmlError, escapeJson, isDmlError, isNewerFormat } from '@daggerml/object-model';
import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import type { CliIo } from '../process/cli-io.ts';
import { knownFolder } from '../process/current-folder.ts';
import { isTooManyFiles, NO_MORE_FILES, RAISE_LIMIT } from '../process/too-many-files.ts';
import { failedCallsOf } from '../render/failed-calls.ts';
import { conflictsOf } from '../render/merge-conflicts.ts';
import type { Output } from '../render/output.ts';
import { printable } from '../render/printable.ts';
import { sourcePosition } from '../render/source-position.ts';
import { cliError } from './cli-error.ts';
import { EXITS } from './exits.ts';
import { DEFECT, HINTS } from './hints.ts';
import { fillIn } from './wording.ts';

/** Parts of an error's report, before layout. */
export interface ErrorReport {
  readonly exit: number;
  readonly code: string;
  readonly detail: string | undefined;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Looks an error up in the tables and fills in its next step. */
export function describeError(caught: unknown, cwd: string | undefined): ErrorReport {
  const error = knownError(caught);
  if (!isDmlError(error)) return defect(error);
  const told = isNewerFormat(error)
    ? cliError('newer_format', { record: error.recordType ?? '' }, error)
    : error;
  const { code, detail, words, position, fields } = told;
  const exit = (EXITS as Readonly<Record<string, ExitCode>>)[code];
  if (exit === undefined) return defect(error);
  const at = exit === EXIT.pipeline || position !== undefined ? sourcePosition(told, cwd) : '';
  const hint = NO_MORE_FILES.has(fields.errno) ? RAISE_LIMIT : hintOf(told, exit);
  return {
    // @spec DML-CLI-0501
    exit,
    code,
    detail,
    // @spec DML-CLI-1520
    message: at === '' ? words : `${at}: ${words}`,
    hint: withNextStep(hint && fillIn(hint, { detail, ...fields }), fields.nextStep),
  };
}

/** Returns a hint with the next step that a command knows besides it. */
function withNextStep(hint: string | undefined, nextStep: unknown): string | undefined {
  if (typeof nextStep !== 'string') return hint;
  return hint === undefined ? nextStep : `${hint}; ${nextStep}`;
}

/** @spec DML-CLI-1521 */
function hintOf({ code, detail, fields }: DmlError, exit: ExitCode): string | undefined {
  const hints: Readonly<Record<string, string | undefined>> = HINTS;
  const known = hints[`${code}/${detail}`] ?? hints[code];
  if (known !== undefined) return known;
  if (exit === EXIT.defect) return DEFECT;
  return fields.instead === undefined ? undefined : '{instead}';
}

/** Returns what has no words of a package as an error of the command line, where it is no defect. */
function knownError(caught: unknown): unknown {
  // As libraries throw the abort of a signal.
  if (caught instanceof Error && caught.name === 'AbortError') return cliError('interrupted', {}, caught);
  return !isDmlError(caught) && isTooManyFiles(caught) ? cliError('too_many_files', {}, caught) : caught;
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

/** Prints an error to standard error and returns the exit code. */
export function reportError(error: unknown, io: CliIo, output: Output): number {
  const { exit: own, code, detail, message, hint } = describeError(error, knownFolder(io));
  const exit = own === EXIT.interrupted ? codeOfEnding(io) : own;
  // @spec DML-CLI-0406
  const stack = io.env.DML_DEBUG ? stackOf(error) : undefined;
  // The engine may have said something of its own that ends in no line break. @spec DML-CLI-2908
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
    const conflicts = conflictsOf(error);
    const document = {
      code,
      detail: detail ?? null,
      message,
      hint: hint ?? null,
      failedCalls,
      conflicts,
      stack,
    };
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
