import { type Datum, type DatumId, type DatumKind, type Element, elementOf } from '@daggerml/object-model';
import type { ObjectSink } from '@daggerml/values';

/** Source of the inputs of builtins and sink of their results. */
export interface BuiltinObjects extends ObjectSink {
  readDatum(datumId: DatumId): Datum;
}

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

/** One builtin: the numbers of inputs that it takes, and its result. */
export interface Builtin {
  readonly minInputs: number;
  readonly maxInputs: number;
  readonly run: (inputs: BuiltinInputs) => Element | Datum;
}

/** Creates a builtin that takes as many inputs as `arity` says, or between its two numbers. */
export function builtin(arity: number | readonly [number, number], run: Builtin['run']): Builtin {
  const [minInputs, maxInputs] = typeof arity === 'number' ? [arity, arity] : arity;
  return { minInputs, maxInputs, run };
}

/** Arity of a builtin that takes any number of inputs. */
export const ANY_NUMBER: readonly [number, number] = [0, Number.POSITIVE_INFINITY];

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

  /** Returns the input as a member of a collection. */
  element(index: number): Element {
    const datumId = this.#datumIds[index] as DatumId;
    return elementOf(this.objects.readDatum(datumId), () => datumId);
  }

  /** Iterates all inputs as members of a collection. */
  *elements(): Generator<Element> {
    for (let index = 0; index < this.count; index++) yield this.element(index);
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

  /** Returns the element found, or the default that the third input is, or fails. */
  foundOr(found: Element | undefined, what: string): Element {
    const element = found ?? this.#datumIds[2];
    if (element === undefined) throw new BuiltinFailure('missing_element', `${this.#uri}: ${what}`);
    return element;
  }
}
