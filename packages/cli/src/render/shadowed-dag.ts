import type { NamedObject } from '@daggerml/repository';
import { shellWord } from '../wording/wording.ts';
import type { Output } from './output.ts';

/**
 * Notes how a dag is named that a ref of the same name hides.
 *
 * @spec DML-CLI-0609
 */
export function noteShadowedDag(output: Output, name: string, { shadowedDag, ref }: NamedObject): void {
  if (shadowedDag === undefined) return;
  const kind = ref?.name.startsWith('refs/tags/') === true ? 'tag' : 'branch';
  output.note(
    `"${output.safe(name)}" names a ${kind} and a dag: the ${kind} is meant, "${output.safe(shellWord(shadowedDag))}" names the dag`,
  );
}
