import {
  type Datum,
  type DatumId,
  type DatumKind,
  type Element,
  elementOf,
  encodeRecord,
} from '@daggerml/object-model';
import type { ObjectSink } from '@daggerml/values';
import { builtinOf } from './table.ts';

/** Source of the inputs of builtins and sink of their results. */
export interface BuiltinObjects extends ObjectSink {
  readDatum(datumId: DatumId): Datum;
}

/** Outcome of a builtin; a failure follows from the inputs alone and is recorded. */
export type BuiltinOutcome =
  | { readonly status: 'ok'; readonly datumId: DatumId }
  | { readonly status: 'error'; readonly code: BuiltinErrorCode; readonly message: string };

export type BuiltinErrorCode =
  | 'missing_element'
  | 'index_out_of_range'
  | 'wrong_kind'
  | 'wrong_arity'
  | 'unknown_builtin';

/** A failure of a builtin, on its way to `evaluateBuiltin`. */
export class BuiltinFailure extends Error {
  readonly code: BuiltinErrorCode;

  constructor(code: BuiltinErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** One builtin: what it takes, and what it makes of it. */
export interface Builtin {
  readonly minInputs: number;
  readonly maxInputs: number;
  readonly run: (inputs: BuiltinInputs) => Element | Datum;
}

/** Applies a builtin to the values of its inputs. Follows from its arguments alone. */
export function evaluateBuiltin(
  uri: string,
  inputDatumIds: readonly DatumId[],
  objects: BuiltinObjects,
): BuiltinOutcome {
  try {
    const builtin = builtinOf(uri);
    // @spec DML-BND-1109
    if (!builtin) throw new BuiltinFailure('unknown_builtin', `there is no builtin ${uri}`);
    const { minInputs, maxInputs } = builtin;
    // @spec DML-BND-1108
    if (inputDatumIds.length < minInputs || inputDatumIds.length > maxInputs) {
      const expected = minInputs === maxInputs ? `${minInputs}` : `${minInputs} to ${maxInputs}`;
      throw new BuiltinFailure('wrong_arity', `${uri} takes ${expected} inputs, not ${inputDatumIds.length}`);
    }
    const result = builtin.run(new BuiltinInputs(uri, inputDatumIds, objects));
    const datumId = typeof result === 'string' ? result : objects.putDatum(encodeRecord(result));
    return { status: 'ok', datumId };
  } catch (error) {
    if (!(error instanceof BuiltinFailure)) throw error;
    return { status: 'error', code: error.code, message: error.message };
  }
}

/** The inputs of one application, read as what the builtin expects. */
export class BuiltinInputs {
  readonly objects: BuiltinObjects;
  readonly #uri: string;
  readonly #datumIds: readonly DatumId[];

  constructor(uri: string, datumIds: readonly DatumId[], objects: BuiltinObjects) {
    this.#uri = uri;
    this.#datumIds = datumIds;
    this.objects = objects;
  }

  get count(): number {
    return this.#datumIds.length;
  }

  /** Returns the input as the id of its datum; undefined when it was not given. */
  at(index: number): DatumId | undefined {
    return this.#datumIds[index];
  }

  /** Returns the input as a member of a collection. */
  element(index: number): Element {
    const datumId = this.#datumIds[index] as DatumId;
    return elementOf(this.objects.readDatum(datumId), () => datumId);
  }

  /**
   * Returns the input as a datum of a kind.
   *
   * @spec DML-BND-1107
   */
  datum<Kind extends DatumKind>(index: number, kind: Kind): Datum & { readonly kind: Kind } {
    const datum = this.objects.readDatum(this.#datumIds[index] as DatumId);
    if (datum.kind !== kind) {
      throw new BuiltinFailure(
        'wrong_kind',
        `input ${index} of ${this.#uri} is a ${datum.kind}, not a ${kind}`,
      );
    }
    return datum as Datum & { readonly kind: Kind };
  }

  /** Returns the input as an index; -1 for one that no list can have. */
  index(index: number): number {
    const { value } = this.datum(index, 'i64');
    return value >= 0n && value <= Number.MAX_SAFE_INTEGER ? Number(value) : -1;
  }

  /** Returns the element found, or the default, or fails. */
  foundOr(found: Element | undefined, defaultIndex: number, what: string): Element {
    const element = found ?? this.at(defaultIndex);
    if (element === undefined) throw new BuiltinFailure('missing_element', `${this.#uri}: ${what}`);
    return element;
  }
}
