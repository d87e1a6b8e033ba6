import { findRepositoryFolder, TrustList, userContext } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT } from '../invocation/exit-code.ts';
import { requireFolder } from '../invocation/repository-access.ts';
import { absolutePath } from '../process/current-folder.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml trust [folder]`. */
export async function run({ io, globals, output, args, options }: CommandContext): Promise<number> {
  const [folder] = args;
  const list = new TrustList(userContext(io.env).configFolder);
  if (folder === undefined) {
    if (options.remove === true) throw cliError('missing_argument', { word: 'folder', command: 'trust' });
    const paths = list.paths();
    // @spec DML-CLI-2907
    output.result({ trusted: paths }, () => paths.map(output.safe).join('\n'));
    return EXIT.done;
  }
  const place = absolutePath(io, globals.repo ?? '.', folder);
  if (options.remove === true) {
    // @spec DML-CLI-0742
    const { path, removed } = list.remove(place);
    output.result({ path, removed }, () =>
      removed
        ? `${output.safe(path)} is no longer trusted`
        : `${output.safe(path)} was not on the list; nothing changed`,
    );
    return EXIT.done;
  }
  // @spec DML-CLI-0740
  // @spec DML-CLI-0743
  requireFolder(place);
  const { path, added } = list.add(findRepositoryFolder(place));
  output.result({ path, added }, () =>
    added ? `trusted ${output.safe(path)}` : `${output.safe(path)} is trusted already; nothing changed`,
  );
  return EXIT.done;
}
