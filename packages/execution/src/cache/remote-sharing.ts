import type { Remote, RemoteCacheOptions } from '@daggerml/remotes';
import type { SharingPorts } from '../run/sharing.ts';

export interface RemoteSharingOptions extends Pick<RemoteCacheOptions, 'signer' | 'trust' | 'onUntrusted'> {
  /** Name under which outcomes say where they come from; the place of the remote by default. */
  readonly name?: string | undefined;
  /** Claimant, for people. */
  readonly owner: string;
  /**
   * Answer to whether the remote has passed a check, asked before the first claim; by default it is checked then, which
   * takes up to a minute.
   */
  readonly isProven?: (() => Promise<boolean>) | undefined;
  /** False to look up only: nothing is claimed or published; true by default. */
  readonly isWritable?: boolean | undefined;
}

/** Returns the ports to those who share a remote. The packages that it takes are loaded here and not before. */
export async function remoteSharing(
  remote: Remote,
  { owner, isWritable = true, isProven, ...options }: RemoteSharingOptions,
): Promise<SharingPorts> {
  const { RemoteSharedCache } = await import('./remote-cache.ts');
  const cache = new RemoteSharedCache(remote, { ...options, isWritable });
  if (!isWritable) return { cache };
  const { RemoteClaimStore, passesCheck } = await import('./remote-claims.ts');
  const hasOutcome = (key: Parameters<typeof cache.mayHave>[0], isFresh: boolean): Promise<boolean> =>
    cache.mayHave(key, isFresh);
  return {
    cache,
    claims: new RemoteClaimStore(remote, {
      owner,
      hasOutcome,
      isProven: async () => {
        // Neither claims nor the files of a check. @spec DML-REM-1136
        await cache.assertInternal();
        return await (isProven?.() ?? passesCheck(remote));
      },
    }),
  };
}
