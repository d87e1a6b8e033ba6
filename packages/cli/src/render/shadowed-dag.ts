import type { NamedObject } from '@daggerml/repository';
import { shellWord } from '../wording/wording.ts';
import type { Output } from './output.ts';

/**
 * Notes how a dag is named that a ref of the same name hides.
 *
 * @spec DML-CLI-0609
 */
export function noteShadowedDag(output: Output, name: string, { shadowedDag }: NamedObject): void {
  if (shadowedDag === undefined) return;
  output.note(
    `"${output.safe(name)}" names a branch and a dag: the branch is meant, "${output.safe(shellWord(shadowedDag))}" names the dag`,
  );
}
