import { findRepositoryFolder, TrustList, userContext } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { requireFolder } from '../invocation/repository-access.ts';
import { absolutePath } from '../process/current-folder.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml trust [folder]`. */
export async function run({ io, globals, output, args, options }: CommandContext): Promise<void> {
  const [folder] = args;
  const list = new TrustList(userContext(io.env).configFolder);
  if (folder === undefined) {
    if (options.remove === true) throw cliError('missing_argument', { word: 'folder', command: 'trust' });
    const paths = list.paths();
    // @spec DML-CLI-2907
    return output.result({ trusted: paths }, () => paths.map(output.safe));
  }
  const place = absolutePath(io, globals.repo ?? '.', folder);
  if (options.remove === true) {
    // @spec DML-CLI-0742
    const { path, removed } = list.remove(place);
    return output.result({ path, removed }, () =>
      removed
        ? `${output.safe(path)} is no longer trusted`
        : `${output.safe(path)} was not on the list; nothing changed`,
    );
  }
  // @spec DML-CLI-0740
  // @spec DML-CLI-0743
  requireFolder(place);
  const { path, added } = list.add(findRepositoryFolder(place));
  output.result({ path, added }, () =>
    added ? `trusted ${output.safe(path)}` : `${output.safe(path)} is trusted already; nothing changed`,
  );
}
