import { bindingsError } from './errors.ts';
import type { ParameterField } from './parameters.ts';

/** Kind of a value of JSON, in words. */
type JsonKind = 'a number' | 'text' | 'true or false' | 'a list' | 'an object' | 'null';

/**
 * Returns the parameters that an object of defaults declares, each of the kind that its default has.
 *
 * @spec DML-BND-1701
 */
export function defaultsOf(defaults: unknown): ParameterField[] {
  return Object.entries(defaults as object).map(([name, value]) => {
    const kind = kindOf(value);
    if (kind === undefined)
      throw bindingsError('invalid_parameter', {
        parameter: name,
        problem:
          'has a default that is no value of JSON: give a number, text, true, false, null, a list or an object, or a schema',
      });
    const isAny = kind === 'null';
    return {
      name,
      type: isAny ? 'any value' : kind,
      isRequired: false,
      default: value,
      description: undefined,
      problemOf: (given) => {
        const found = kindOf(given);
        if (found === kind || (isAny && found !== undefined)) return undefined;
        return `takes ${isAny ? 'a value of JSON' : kind}, not ${found ?? `a ${typeof given}`}`;
      },
    };
  });
}

function kindOf(value: unknown): JsonKind | undefined {
  switch (typeof value) {
    case 'number':
      return 'a number';
    case 'string':
      return 'text';
    case 'boolean':
      return 'true or false';
    case 'object':
      return value === null
        ? 'null'
        : Array.isArray(value)
          ? 'a list'
          : isPlain(value)
            ? 'an object'
            : undefined;
    default:
      return undefined;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
