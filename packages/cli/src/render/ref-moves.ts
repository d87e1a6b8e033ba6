import type { CommitId } from '@daggerml/object-model';
import { parseRefName, type RefName } from '@daggerml/store';
import { formatColumns } from './columns.ts';
import type { Output } from './output.ts';

/** A ref before and after a transfer. */
export interface ShownMove {
  readonly ref: RefName;
  readonly before: CommitId | null;
  readonly after: CommitId | null;
  readonly kind: 'new' | 'forward' | 'forced' | 'unknown' | 'deleted';
}

/** Returns a ref as people name it: `main`, `origin/main`, `tag v1`. */
export function refText(ref: RefName): string {
  const parts = parseRefName(ref);
  if (parts.kind === 'remotes') return `${parts.remote}/${parts.name}`;
  if (parts.kind === 'tags') return `tag ${parts.name}`;
  return 'name' in parts ? parts.name : parts.uuid;
}

/** Returns the names, kinds and commits of moved refs as fields of a result. */
export function moveFields(moves: readonly ShownMove[]): object[] {
  return moves.map(({ ref, before, after, kind }) => ({ ref, kind, fromCommitId: before, commitId: after }));
}

/** Returns lines that say how refs moved. */
export function moveLines(output: Output, moves: readonly ShownMove[]): string {
  return formatColumns(
    moves.map(({ ref, before, after, kind }) => [
      `  ${output.style('bold', output.safe(refText(ref)))}`,
      changeText(output, before, after),
      // @spec DML-CLI-3765
      kind === 'forced' ? output.style('yellow', 'forced') : '',
    ]),
  );
}

function changeText(output: Output, before: CommitId | null, after: CommitId | null): string {
  if (after === null) return 'deleted';
  if (before === null) return `new, at ${output.shortId(after)}`;
  return `${output.shortId(before)} → ${output.shortId(after)}`;
}
