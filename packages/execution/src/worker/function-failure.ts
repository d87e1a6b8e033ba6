import { isDmlError } from '@daggerml/object-model';
import type { FunctionFailure } from './wire.ts';

const MAX_MESSAGE_CHARACTERS = 4096;
const MAX_TRACE_LINES = 20;

/**
 * Describes what a function threw, so that the same failure reads the same on every machine.
 *
 * @spec DML-EXE-0905
 */
export function failureOf(thrown: unknown, bundleUrl: string): FunctionFailure {
  const code = (thrown as { code?: unknown } | null)?.code;
  const known = code === 'unsupported_value' || code === 'cyclic_value' ? code : 'function_threw';
  return {
    code: known,
    message: withoutPaths(messageOf(thrown), bundleUrl),
    trace: traceOf(thrown, bundleUrl),
  };
}

function messageOf(thrown: unknown): string {
  let text: string;
  try {
    const refused = refusalOf(thrown);
    if (refused !== undefined) return refused;
    text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `thrown: ${String(thrown)}`;
  } catch {
    text = 'thrown: a value that cannot be shown';
  }
  return text.toWellFormed().slice(0, MAX_MESSAGE_CHARACTERS);
}

/** What lowering refused, and where in the returned value. */
function refusalOf(thrown: unknown): string | undefined {
  if (!isDmlError(thrown) || typeof thrown.fields.path !== 'string') return undefined;
  const { path, found = thrown.code } = thrown.fields;
  return `${path} is ${String(found)}`;
}

/** Only the lines inside the bundle: the rest belongs to the machine and to the version of Node. */
function traceOf(thrown: unknown, bundleUrl: string): string[] {
  const stack = thrown instanceof Error && typeof thrown.stack === 'string' ? thrown.stack : '';
  return stack
    .split('\n')
    .filter((line) => line.includes(bundleUrl))
    .slice(0, MAX_TRACE_LINES)
    .map((line) => withoutPaths(line.trim(), bundleUrl));
}

function withoutPaths(text: string, bundleUrl: string): string {
  return text.replaceAll(bundleUrl, 'bundle').replaceAll(decodeURI(new URL(bundleUrl).pathname), 'bundle');
}
