/**
 * Type numbers of all records, the second element of every record.
 *
 * @spec DML-OBJ-0204
 */
export const RECORD_TYPE_NUMBERS = {
  meta: 1,
  datum: 2,
  node: 3,
  dag: 4,
  tree: 5,
  commit: 6,
  ref: 7,
  tombstone: 8,
  exec: 9,
  'exec-request': 10,
  page: 11,
  stub: 13,
  reference: 14,
  'federated-snapshot': 15,
} as const;

/** Name of a record type. */
export type RecordType = keyof typeof RECORD_TYPE_NUMBERS;

/**
 * Class bytes of the content-addressed classes: the type number, and 12 for the raw chunks.
 *
 * @spec DML-OBJ-0205
 */
export const OBJECT_CLASS_NUMBERS = {
  datum: 2,
  node: 3,
  dag: 4,
  tree: 5,
  commit: 6,
  exec: 9,
  'exec-request': 10,
  page: 11,
  chunk: 12,
  reference: 14,
  'federated-snapshot': 15,
} as const;

/** Name of a content-addressed class. */
export type ObjectClass = keyof typeof OBJECT_CLASS_NUMBERS;

/** Greatest number of a record type or class; what is above belongs to a newer format. */
export const HIGHEST_TYPE_NUMBER = 15;

/** Every content-addressed class, in class byte order. */
export const OBJECT_CLASSES: readonly ObjectClass[] = Object.keys(OBJECT_CLASS_NUMBERS) as ObjectClass[];

const TYPE_BY_NUMBER: readonly (RecordType | undefined)[] = invert(RECORD_TYPE_NUMBERS);
const CLASS_BY_NUMBER: readonly (ObjectClass | undefined)[] = invert(OBJECT_CLASS_NUMBERS);

/** Returns the record type of a type number, undefined for an unknown one. */
export function recordTypeOf(typeNumber: number): RecordType | undefined {
  return TYPE_BY_NUMBER[typeNumber];
}

/** Returns the object class of a class byte, undefined for an unknown one. */
export function objectClassOf(classNumber: number): ObjectClass | undefined {
  return CLASS_BY_NUMBER[classNumber];
}

/** Returns what is said of record types by their numbers: it is asked for each record, and names are slower to ask for. */
export function byTypeNumber<Value>(
  byType: Readonly<Partial<Record<RecordType, Value>>>,
): (Value | undefined)[] {
  const values: (Value | undefined)[] = new Array(HIGHEST_TYPE_NUMBER + 1).fill(undefined);
  for (const type of Object.keys(byType) as RecordType[]) values[RECORD_TYPE_NUMBERS[type]] = byType[type];
  return values;
}

function invert<Name extends string>(numbers: Readonly<Record<Name, number>>): (Name | undefined)[] {
  const names: (Name | undefined)[] = [];
  for (const name of Object.keys(numbers) as Name[]) names[numbers[name]] = name;
  return names;
}
