import { formatSize } from '@daggerml/object-model';
import type { DamagedFile } from '@daggerml/remotes';
import { formatColumns } from './columns.ts';
import type { Output } from './output.ts';

/** Contents of groups and files, as people read them. */
const CONTENTS = {
  objects: 'objects',
  loose: 'objects',
  cache: 'outcomes of the cache',
  refs: 'branches and tags',
  absences: 'what was excised',
} as const;

/** Returns what is wrong with files of a remote as fields of a result. */
export function damagedFields(damaged: readonly DamagedFile[]): object[] {
  return damaged.map(({ path, problem, bytes, foundBytes, kind = null }) => ({
    path,
    problem,
    bytes,
    foundBytes,
    kind,
  }));
}

/** Returns a line for each file of a remote that is missing or damaged. */
export function damagedLines(output: Output, damaged: readonly DamagedFile[]): string[] {
  if (damaged.length === 0) return [];
  return [
    formatColumns(
      damaged.map((file) => [
        output.style('red', problemText(file)),
        output.safe(file.path),
        contentText(file),
      ]),
    ),
  ];
}

function problemText({ problem, bytes, foundBytes }: DamagedFile): string {
  if (problem === 'missing') return 'missing';
  return problem === 'size' ? `${formatSize(foundBytes ?? 0)} of ${formatSize(bytes ?? 0)}` : 'changed';
}

function contentText({ sort, kind }: DamagedFile): string {
  const content =
    CONTENTS[sort === 'absences' ? 'absences' : sort === 'cache' ? 'cache' : (kind ?? 'objects')];
  return sort === 'index' ? `index of ${content}` : content;
}
