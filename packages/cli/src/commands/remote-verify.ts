import { formatSize } from '@daggerml/object-model';
import type { VerifyResult } from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import { isPlace, uriOfPlace } from '../process/named-place.ts';
import { contentOptions } from '../process/read-progress.ts';
import { type RemoteSession, withFiles, withRemote } from '../process/remote-session.ts';
import { damagedFields, damagedLines } from '../render/damaged-files.ts';
import { formatCount } from '../render/quantities.ts';

/** A remote that is verified; without a name where a place was given. */
type Verified = Pick<RemoteSession, 'uri' | 'remote'> & { readonly name: string | null };

/** Runs `dml remote verify [remote]`. */
export async function run(context: CommandContext): Promise<ExitCode> {
  const [given] = context.args;
  if (given === undefined || !isPlace(given))
    return await withRemote(context, given, (session) => verify(context, session));
  const uri = await uriOfPlace(context, given);
  return await withFiles(context, uri, (remote) => verify(context, { name: null, uri, remote }));
}

async function verify(context: CommandContext, { name, uri, remote }: Verified): Promise<ExitCode> {
  const { output, options } = context;
  const readsContent = options.content === true;
  const { verifyRemote } = await import('@daggerml/remotes');
  const verified: VerifyResult = await verifyRemote(remote, contentOptions(context));
  output.live();
  const { files, bytes, readBytes, damaged } = verified;
  const value = { remote: name, uri, content: readsContent, files, bytes, readBytes };
  // @spec DML-CLI-3780
  output.result({ ...value, damaged: damagedFields(damaged) }, () => {
    const sums = `${formatCount(files, 'file')}, ${formatSize(bytes)}`;
    if (damaged.length === 0) return `${sums}: nothing is missing${readsContent ? ' or changed' : ''}`;
    return [
      ...damagedLines(output, damaged),
      `${formatCount(damaged.length, 'file')} of ${files} missing or changed; "dml remote repair${name === null ? '' : ` ${output.safe(name)}`}${readsContent ? ' --content' : ''}" puts back what a repository has of them`,
    ];
  });
  if (!readsContent && damaged.length === 0)
    output.note('content was not read; --content reads and hashes all of it');
  return damaged.length === 0 ? EXIT.done : EXIT.damage;
}
