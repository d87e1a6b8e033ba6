import { remoteError } from '../errors.ts';
import { filePath, parseFilePath } from '../format/file-path.ts';
import type { GroupEntry } from '../format/group.ts';
import type { LinkSet } from '../format/link.ts';
import { readIndex } from '../levels/merge-groups.ts';
import type { Remote } from '../remote.ts';
import { hashFile } from '../repair/hash-file.ts';
import { FileGone } from '../state/file-gone.ts';

/**
 * Checks that groups which stay can be read where they hold some objects, whose other copies are about to go. Reads those
 * of their segments that hold one. Throws `remote_damaged` and `FileGone`.
 *
 * @spec DML-REM-1922
 */
export async function assertCopies(
  { files }: Pick<Remote, 'files'>,
  groups: readonly GroupEntry[],
  objects: LinkSet,
): Promise<void> {
  if (objects.size === 0) return;
  for (const group of groups) {
    const index = await readIndex(files, group);
    if (index === undefined) throw new FileGone(filePath('indexes', group.index));
    const relied = new Set<number>();
    for (let number = 0; number < index.count; number += 1) {
      const row = index.row(number);
      if (!relied.has(row.segment) && objects.has(row)) relied.add(row.segment);
    }
    for (const number of relied) {
      const { file, bytes } = group.segments[number] as GroupEntry['segments'][number];
      const path = filePath('segments', file);
      const hash = await hashFile(files, path, { sizeBytes: bytes });
      if (hash === undefined) throw new FileGone(path);
      if (hash !== parseFilePath(path)?.hash)
        throw remoteError('remote_damaged', { remote: files.name, path, detail: 'hash' });
    }
  }
}
