import { canonicalReservedUri, isDmlError, objectModelError } from '@daggerml/object-model';

/** Recognises URIs that another copy of this module made. */
const uriTag: symbol = Symbol.for('daggerml.uri');
/** Symbol under which the console looks for a value's text. */
const consoleTag: symbol = Symbol.for('nodejs.util.inspect.custom');

/** An absolute URI in canonical form. */
export class Uri {
  readonly #text: string;

  /** Takes text that is in canonical form already; throws the object model's `uri_not_canonical` otherwise. */
  constructor(text: string) {
    // @spec DML-BND-1001
    if (canonical(text) !== text) {
      const message = 'the text is no URI in canonical form; Uri.fromString(text) makes one of it';
      throw objectModelError('uri_not_canonical', { message });
    }
    this.#text = text;
    Object.defineProperty(this, uriTag, { value: text });
    Object.defineProperty(this, consoleTag, { value: () => `Uri { ${text} }` });
  }

  /**
   * Brings text into canonical form first.
   *
   * @spec DML-BND-1002
   */
  static fromString(text: string): Uri {
    return new Uri(canonical(text));
  }

  toString(): string {
    return this.#text;
  }

  toJSON(): string {
    return this.#text;
  }
}

function canonical(text: string): string {
  try {
    return canonicalReservedUri(text);
  } catch (error) {
    if (!isDmlError(error, 'invalid_payload')) throw error;
    const { detail } = error as { readonly detail: Parameters<typeof objectModelError>[0] };
    throw objectModelError(detail, { message: `the text is no absolute URI (${detail})`, cause: error });
  }
}

/** Returns the text of a `Uri`, also of one from another copy of this module; undefined for anything else. */
export function uriText(value: object): string | undefined {
  return (value as Readonly<Record<symbol, string | undefined>>)[uriTag];
}
