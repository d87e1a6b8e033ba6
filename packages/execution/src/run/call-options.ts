import type { CallOptions } from '@daggerml/capture';
import { areNeeds } from '@daggerml/object-model';
import { nearest } from '@daggerml/repository';
import { NEEDS_FORM } from '../adapters/needs.ts';
import { executionError } from '../errors.ts';

/** One option of a call: what it takes, in words, and the check of a value. */
interface OptionRule {
  readonly takes: string;
  readonly accepts: (value: unknown) => boolean;
}

/** A timer of more fires at once. */
const MAX_MS = 2 ** 31 - 1;
const MILLISECONDS: OptionRule = {
  takes: `a number of milliseconds above 0, at most ${MAX_MS}`,
  accepts: (value) => typeof value === 'number' && value > 0 && value <= MAX_MS,
};
const TRUE_OR_FALSE: OptionRule = {
  takes: 'true or false',
  accepts: (value) => typeof value === 'boolean',
};

/** Every option of a call. */
const RULES: Readonly<Record<keyof CallOptions, OptionRule>> = {
  cache: TRUE_OR_FALSE,
  retryFailed: TRUE_OR_FALSE,
  timeoutMs: MILLISECONDS,
  budgetMs: MILLISECONDS,
  retries: {
    takes: 'a whole number from 0',
    accepts: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  },
  retryOn: {
    takes: "'throw', or a list of names or codes of errors",
    accepts: (value) => value === 'throw' || (Array.isArray(value) && value.every(isName)),
  },
  needs: { takes: NEEDS_FORM, accepts: areNeeds },
  label: { takes: 'a text', accepts: isName },
  claim: TRUE_OR_FALSE,
};

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/**
 * Throws `invalid_option` for options of a call that cannot be: an unknown name or a value that the option does not
 * take.
 */
export function checkCallOptions(options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(RULES, name) ? RULES[name as keyof CallOptions] : undefined;
    if (!rule) {
      const [meant] = nearest(name, Object.keys(RULES));
      const problem = `a call has no option "${name}"`;
      // @spec DML-EXE-3110
      throw executionError('invalid_option', { option: name, problem, ...(meant && { nearest: meant }) });
    }
    if (rule.accepts(value)) continue;
    const problem = `the option "${name}" of a call takes ${rule.takes}, not ${shown(value)}`;
    // @spec DML-EXE-3111
    throw executionError('invalid_option', { option: name, problem });
  }
}

/** Checks whether a value is options of a call. */
export function areOptions(value: unknown): value is CallOptions {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).every(
    ([name, each]) => Object.hasOwn(RULES, name) && RULES[name as keyof CallOptions].accepts(each),
  );
}

/** Returns a value as an error shows it. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `"${value.slice(0, 100)}"`;
  if (Array.isArray(value)) return 'this list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
