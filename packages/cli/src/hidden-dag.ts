import type { NamedObject } from '@daggerml/repository';
import type { Output } from './output.ts';
import { shellWord } from './wording.ts';

/**
 * Says how a dag is named that a branch hides.
 *
 * @spec DML-CLI-0609
 */
export function tellHiddenDag(output: Output, name: string, { hiddenDag }: NamedObject): void {
  if (hiddenDag === undefined) return;
  output.talk(
    `"${output.safe(name)}" names a branch and a dag: the branch is meant, "${output.safe(shellWord(hiddenDag))}" names the dag`,
  );
}
