import { join } from 'node:path';
import { checkFilePath, isDmlError } from '@daggerml/object-model';
import { fieldsOf } from '@daggerml/repository';
import { StoredBlob } from '@daggerml/values';
import { LayOut } from '../script/lay-out.ts';
import type { LayOutParts } from './lay-out-parts.ts';

/**
 * Writes the author's files that a receipt holds below `sources`, and returns their paths. A file outside of the folder of
 * the module lies below a folder `__` for each level; one whose path would lead elsewhere is left out.
 *
 * @spec DML-EXE-3623
 */
export async function layOutSources({ objects, folder }: LayOutParts, files: unknown): Promise<string[]> {
  const layOut = new LayOut(objects);
  const paths: string[] = [];
  for (const [name, file] of Object.entries(fieldsOf(files))) {
    const path = `sources/${name.replaceAll(/(?<=^|\/)\.\.(?=\/)/g, '__')}`;
    if (typeof file !== 'object' || file === null || !StoredBlob.is(file) || !isFilePath(path)) continue;
    if (paths.includes(path)) continue;
    await layOut.file(StoredBlob.datumIdOf(file as StoredBlob), join(folder, path));
    paths.push(path);
  }
  return paths;
}

function isFilePath(path: string): boolean {
  try {
    checkFilePath(path);
    return true;
  } catch (error) {
    if (isDmlError(error)) return false;
    throw error;
  }
}
