import { formatColumns } from '../columns.ts';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { branchOf } from '../ref-text.ts';
import { withStore } from '../repository-access.ts';

/** `dml heads`. @spec DML-CLI-0811 */
export async function run(context: CommandContext): Promise<number> {
  const { output } = context;
  await withStore(context, 'read', (store) => {
    const current = store.head();
    const heads = store.readRefs('heads').map(({ name, commitId }) => ({
      branch: branchOf(name),
      commitId,
      current: name === current,
    }));
    output.result(heads, () =>
      formatColumns(
        heads.map((head) => [
          head.current ? '*' : ' ',
          output.shortId(head.commitId),
          output.style(head.current ? 'green' : 'bold', output.safe(head.branch)),
        ]),
      ),
    );
    if (heads.length === 0) output.talk('no branch has a commit yet; "dml run <file>" makes the first one');
  });
  return EXIT.done;
}
