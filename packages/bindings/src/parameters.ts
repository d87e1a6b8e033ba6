import type { Pipeline } from '@daggerml/capture';
import { nearest } from '@daggerml/repository';
import { bindingsError } from './errors.ts';
import { defaultsOf } from './parameter-defaults.ts';
import { isParameterSchema, type ParameterSchema, schemaFields } from './parameter-schema.ts';
import { checkedName } from './pipeline-name.ts';

/** Type of the values that a pipeline receives for its parameters. @spec DML-BND-1709 */
export type ParametersOf<Declared> = Declared extends ParameterSchema
  ? StandardTypes<Declared>['output']
  : Declared;

/** Type of the parameters that a run may give. */
export type GivenParameters<Declared> = Declared extends ParameterSchema
  ? Partial<StandardTypes<Declared>['input']>
  : Partial<Declared>;

type StandardTypes<Schema extends ParameterSchema> = NonNullable<Schema['~standard']['types']> & {
  readonly input: unknown;
  readonly output: unknown;
};

/** A parameter that a pipeline declares. */
export interface ParameterView {
  readonly name: string;
  /** Kind of values that it takes, in words. */
  readonly type: string;
  readonly isRequired: boolean;
  /** Undefined where it has none. */
  readonly default: unknown;
  readonly description: string | undefined;
}

/** A parameter with the check of its values. */
export interface ParameterField extends ParameterView {
  /** Returns what is wrong with a value; undefined for one that it takes. */
  problemOf(value: unknown): string | undefined;
}

/** A pipeline as it is loaded or defined. */
type Declaring = Pick<Pipeline, 'parameters'>;

/** Lists the parameters of a pipeline in the order in which they are declared. Throws `invalid_name`. */
export function listParameters(pipeline: Declaring): ParameterView[] {
  return fieldsOf(pipeline).map(({ name, type, isRequired, default: value, description }) => ({
    name,
    type,
    isRequired,
    default: value,
    description,
  }));
}

/**
 * Returns the value that a text stands for: what it is as JSON where the parameter takes that and it is no text, else
 * the text itself. Throws `unknown_parameter` and `invalid_parameter`.
 *
 * @spec DML-BND-1705
 */
export function parameterFromText(pipeline: Declaring, name: string, text: string): unknown {
  const field = fieldNamed(fieldsOf(pipeline), name);
  const value = jsonOf(text);
  if (value !== undefined && typeof value !== 'string' && field.problemOf(value) === undefined) return value;
  const problem = field.problemOf(text);
  if (problem === undefined) return text;
  throw bindingsError('invalid_parameter', { parameter: name, problem: `${problem}: ${shown(text)}` });
}

/**
 * Returns the values that a pipeline receives, each declared one that is not given by its default. Throws
 * `unknown_parameter` and `invalid_parameter`.
 *
 * @spec DML-BND-1700
 */
export function bindParameters(
  pipeline: Declaring,
  given: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const fields = fieldsOf(pipeline);
  for (const [name, value] of Object.entries(given)) {
    const field = fieldNamed(fields, name);
    if (value === undefined) continue;
    // @spec DML-BND-1704
    const problem = field.problemOf(value);
    if (problem !== undefined)
      throw bindingsError('invalid_parameter', { parameter: name, problem: `${problem}: ${shown(value)}` });
  }
  const own = new Map(Object.entries(given));
  const missing = fields.find(({ name, isRequired }) => isRequired && own.get(name) === undefined);
  // @spec DML-BND-1706
  if (missing !== undefined) {
    const problem = `has no default and is not given: it takes ${missing.type}`;
    throw bindingsError('invalid_parameter', { parameter: missing.name, problem });
  }
  const { parameters } = pipeline;
  if (isParameterSchema(parameters)) return parsed(parameters, given);
  const values = fields.map(
    ({ name, default: value }) => [name, own.get(name) === undefined ? value : own.get(name)] as const,
  );
  // Copies: a pipeline may change what it gets.
  return structuredClone(Object.fromEntries(values));
}

/** Returns what a schema makes of all values together, such as where one limits another. */
function parsed(schema: ParameterSchema, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result = schema.safeParse(given) as {
    readonly data?: Record<string, unknown>;
    readonly error?: { readonly issues: readonly { readonly path: readonly unknown[]; message: string }[] };
  };
  if (result.data !== undefined) return result.data;
  const [issue] = result.error?.issues ?? [];
  const parameter = String(issue?.path[0] ?? Object.keys(given).join(', '));
  throw bindingsError('invalid_parameter', { parameter, problem: `is refused: ${issue?.message}` });
}

function fieldsOf({ parameters }: Declaring): ParameterField[] {
  const fields =
    parameters === undefined
      ? []
      : isParameterSchema(parameters)
        ? schemaFields(parameters)
        : defaultsOf(parameters);
  for (const { name } of fields) checkRecordedName(name, PARAMETER_NAME);
  return fields;
}

function fieldNamed(fields: readonly ParameterField[], parameter: string): ParameterField {
  const known = fields.map(({ name }) => name);
  const field = fields.find(({ name }) => name === parameter);
  if (field !== undefined) return field;
  // @spec DML-BND-1703
  throw bindingsError(
    'unknown_parameter',
    { parameter, known, nearest: nearest(parameter, known, 1) },
    undefined,
    known.length === 0 ? 'none' : undefined,
  );
}

const PARAMETER_NAME = /^[\p{L}_][\p{L}\p{N}_-]*$/u;
const METRIC_NAME = /^[\p{L}_][\p{L}\p{N}_./-]*$/u;

/** Throws `invalid_name` for the name of a metric that commands could not take. */
export function checkMetricName(name: string): void {
  checkRecordedName(name, METRIC_NAME);
}

/** @spec DML-BND-1702 */
function checkRecordedName(name: string, form: RegExp): void {
  const signs = form === METRIC_NAME ? '"_", "-", "." and "/"' : '"_" and "-"';
  if (!form.test(name))
    throw bindingsError('invalid_name', {
      name,
      reason: `it begins with a letter and holds letters, digits, ${signs}`,
    });
  if (checkedName(name) !== name) throw bindingsError('invalid_name', { name, reason: 'not_canonical' });
}

/** Returns the JSON value of a text; undefined where it is none, and for integers that a number cannot hold. */
function jsonOf(text: string): unknown {
  if (/^\s*-?\d+\s*$/.test(text) && !Number.isSafeInteger(Number(text))) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Characters of a value that an error shows. */
const MAX_SHOWN = 40;

function shown(value: unknown): string {
  const text = typeof value === 'object' || typeof value === 'string' ? jsonText(value) : String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN).toWellFormed()}…` : text;
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'an object that is no JSON';
  }
}
