import type { ParameterField } from './parameters.ts';

/** An object schema of zod, or of a library with the same form; nothing of a library is loaded for it. */
export interface ParameterSchema {
  readonly shape: Readonly<Record<string, unknown>>;
  readonly '~standard': { readonly types?: unknown };
  safeParse(value: unknown): unknown;
}

/** Result of checking one value. */
interface Checked {
  readonly success: boolean;
  readonly data?: unknown;
  readonly error?: { readonly issues: readonly { readonly message: string }[] };
}

/** The parts of a field's schema that are read. */
interface FieldSchema {
  readonly description?: string;
  readonly def?: FieldDefinition;
  readonly _def?: FieldDefinition;
  safeParse(value: unknown): Checked;
}

interface FieldDefinition {
  readonly type?: unknown;
  readonly innerType?: FieldSchema;
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly values?: readonly unknown[];
}

/** Checks whether parameters are declared by a schema. */
export function isParameterSchema(declared: unknown): declared is ParameterSchema {
  const schema = declared as Partial<ParameterSchema> | undefined;
  return typeof schema?.safeParse === 'function' && typeof schema.shape === 'object';
}

/** Returns the parameters that a schema declares. @spec DML-BND-1708 */
export function schemaFields(schema: ParameterSchema): ParameterField[] {
  return Object.entries(schema.shape).map(([name, each]) => {
    const field = each as FieldSchema;
    const absent = field.safeParse(undefined);
    return {
      name,
      type: typeOf(field),
      isRequired: !absent.success,
      default: absent.data,
      description: descriptionOf(field),
      problemOf: (value) => {
        const checked = field.safeParse(value);
        const [issue] = checked.error?.issues ?? [];
        return checked.success ? undefined : `takes ${typeOf(field)} (${issue?.message})`;
      },
    };
  });
}

/** Words for types of a schema. */
const TYPES: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function typeOf(field: FieldSchema): string {
  const { type, entries, values } = definitionOf(innermost(field));
  const choices = values ?? (entries && Object.values(entries));
  if (choices !== undefined) return choices.map((choice) => JSON.stringify(choice)).join(' or ');
  return TYPES[String(type)] ?? 'a value of its schema';
}

function definitionOf(field: FieldSchema): FieldDefinition {
  return field.def ?? field._def ?? {};
}

/** Returns the schema inside of defaults and other wrappings. */
function innermost(field: FieldSchema): FieldSchema {
  const { innerType } = definitionOf(field);
  return innerType === undefined ? field : innermost(innerType);
}

/** Returns the outermost description. */
function descriptionOf(field: FieldSchema): string | undefined {
  const { innerType } = definitionOf(field);
  return field.description ?? (innerType && descriptionOf(innerType));
}
