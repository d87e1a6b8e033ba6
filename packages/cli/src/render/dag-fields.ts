import type { DagId } from '@daggerml/object-model';

/** A dag of a commit as documents of `--json` name it. */
export interface DagFields {
  readonly dag: string;
  readonly dagId: DagId;
}

/** Returns the dags of a commit as documents of `--json` name them. @spec DML-CLI-3707 */
export function dagFields(
  dags: readonly { readonly name: string; readonly dagId: DagId }[],
): readonly DagFields[] {
  return dags.map(({ name, dagId }) => ({ dag: name, dagId }));
}
