import { DmlError } from '@daggerml/object-model';
import type { CliIo } from './cli-io.ts';
import { ERROR_TABLE, type ErrorWording } from './error-table.ts';
import { EXIT } from './exit-code.ts';
import type { Output } from './output.ts';
import { printable } from './printable.ts';

/** What is said of an error, before it is laid out. */
export interface ErrorReport {
  readonly exit: number;
  readonly code: string;
  readonly detail: string | undefined;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Looks an error up in the table and fills in its wording. */
export function describeError(error: unknown): ErrorReport {
  if (!(error instanceof DmlError)) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      exit: EXIT.defect,
      code: 'defect',
      detail: undefined,
      message: `unexpected failure: ${message}`,
      hint: 'this is a defect of dml: run it again with DML_DEBUG=1 and report what it prints',
    };
  }
  const wording: ErrorWording | undefined = (ERROR_TABLE as Readonly<Record<string, ErrorWording>>)[error.code];
  const fields = { detail: error.detail ?? '', ...error.fields };
  return {
    exit: wording?.exit ?? EXIT.defect,
    code: error.code,
    detail: error.detail,
    message: wording === undefined ? error.message : fillIn(wording.message, fields),
    hint: wording?.hint === undefined ? undefined : fillIn(wording.hint, fields),
  };
}

/**
 * Prints an error to standard error and yields the exit code.
 *
 * @spec DML-CLI-0405
 */
export function reportError(error: unknown, io: CliIo, output: Output): number {
  const { exit, code, detail, message, hint } = describeError(error);
  if (output.isJson) {
    // @spec DML-CLI-0404
    const document = { code, detail: detail ?? null, message, hint: hint ?? null };
    io.stderr.write(`${JSON.stringify(document, undefined, 2)}\n`);
  } else {
    io.stderr.write(`${output.talkStyle('red', 'dml:')} ${printable(message)}\n`);
    if (hint !== undefined) io.stderr.write(`hint: ${printable(hint)}\n`);
  }
  // @spec DML-CLI-0406
  if (io.env.DML_DEBUG && error instanceof Error) io.stderr.write(`${stackOf(error)}\n`);
  return exit;
}

/** Replaces `{field}`; a sentence whose field is empty or absent is left out. */
function fillIn(template: string, fields: Readonly<Record<string, unknown>>): string {
  const sentences = template.split(/(?<=\?) /);
  return sentences
    .filter((sentence) => sentences.length === 1 || !/\{(\w+)\}/.test(sentence) || everyFieldGiven(sentence, fields))
    .map((sentence) => sentence.replace(/\{(\w+)\}/g, (_, field: string) => textOf(fields[field])))
    .join(' ');
}

function everyFieldGiven(sentence: string, fields: Readonly<Record<string, unknown>>): boolean {
  return [...sentence.matchAll(/\{(\w+)\}/g)].every(([, field]) => textOf(fields[field ?? '']) !== '');
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

function stackOf(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\ncaused by: ${stackOf(error.cause)}` : stack;
}
