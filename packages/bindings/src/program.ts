import { versionAbove } from '@daggerml/execution';

let name: string | undefined;

/**
 * Returns the name and version of this program for stores and receipts: the version of the package that contains this
 * module.
 *
 * @spec DML-BND-0317
 */
export function programName(): string {
  name ??= `daggerml ${versionAbove(import.meta.url)}`;
  return name;
}
