/** Needs of a call, by name: an amount that it takes while it runs, or `true` for a quality of the place. */
export type Needs = Readonly<Record<string, number | true>>;

const NAME = /^[A-Za-z][\w.-]{0,63}$/;

/** Checks whether a value is of the form of needs, which is that of what a place offers as well. */
export function areNeeds(value: unknown): value is Needs {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([name, amount]) => isNeed(name, amount));
}

/** Checks whether a name may stand for an amount or a quality, and the amount for one. */
export function isNeed(name: string, amount: unknown): boolean {
  return NAME.test(name) && (amount === true || (Number.isSafeInteger(amount) && Number(amount) > 0));
}
