import { canonicalReservedUri, objectModelError } from '@daggerml/object-model';

/** Recognises URIs that another copy of this module made. */
const uriTag: symbol = Symbol.for('daggerml.uri');

/** An absolute URI in canonical form. */
export class Uri {
  readonly #text: string;

  /**
   * Takes text that is in canonical form already; throws the object model's `uri_not_canonical` otherwise.
   *
   * @spec DML-BND-1001
   */
  constructor(text: string) {
    if (canonicalReservedUri(text) !== text) throw objectModelError('uri_not_canonical');
    this.#text = text;
    Object.defineProperty(this, uriTag, { value: text });
  }

  /**
   * Brings text into canonical form first.
   *
   * @spec DML-BND-1002
   */
  static fromString(text: string): Uri {
    return new Uri(canonicalReservedUri(text));
  }

  toString(): string {
    return this.#text;
  }

  toJSON(): string {
    return this.#text;
  }
}

/** The text of a `Uri`, also of one that another copy of this module made; undefined for anything else. */
export function uriText(value: object): string | undefined {
  return (value as Readonly<Record<symbol, string | undefined>>)[uriTag];
}
