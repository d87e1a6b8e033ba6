/** Marks references to functions, whichever copy of the library made them. */
export const functionTag: unique symbol = Symbol.for('daggerml.function') as never;

/** Checks whether a value is a reference made by `functions`, which is called and never stored. */
export function isFunctionRef(
  value: unknown,
): value is { readonly [functionTag]: unknown; readonly exportName: string } {
  return typeof value === 'object' && value !== null && functionTag in value;
}
