import { OUTCOME_URI } from '@daggerml/object-model';
import type { Builtin } from './builtin.ts';
import { listBuiltins } from './list.ts';
import { mapBuiltins } from './map.ts';
import { outcomeBuiltin } from './outcome.ts';
import { setBuiltins } from './set.ts';

interface BuiltinTable {
  readonly list: typeof listBuiltins;
  readonly set: typeof setBuiltins;
  readonly map: typeof mapBuiltins;
}

/** Holds every builtin: its keys make the URIs, and name the methods that apply them. */
const builtins: BuiltinTable = { list: listBuiltins, set: setBuiltins, map: mapBuiltins };

/** A kind of collections that has builtins. */
export type BuiltinKind = keyof BuiltinTable;

/** The name of a builtin of a kind. */
export type BuiltinOperation<Kind extends BuiltinKind> = keyof BuiltinTable[Kind] & string;

/** Returns the URI of a builtin. */
export function builtinUri<Kind extends BuiltinKind>(kind: Kind, operation: BuiltinOperation<Kind>): string {
  return `dml://${kind}/${operation}`;
}

/** Returns the names of the builtins of a kind. */
export function builtinOperations<Kind extends BuiltinKind>(kind: Kind): BuiltinOperation<Kind>[] {
  return Object.keys(builtins[kind]) as BuiltinOperation<Kind>[];
}

/** Returns the builtin that a URI names, if there is one. */
export function builtinOf(uri: string): Builtin | undefined {
  return byUri.get(uri);
}

const byUri: ReadonlyMap<string, Builtin> = new Map([
  [OUTCOME_URI, outcomeBuiltin],
  ...Object.entries(builtins).flatMap(([kind, operations]) =>
    Object.entries<Builtin>(operations).map(([operation, builtin]): [string, Builtin] => [
      builtinUri(kind as BuiltinKind, operation as never),
      builtin,
    ]),
  ),
]);
