import type { FetchOffer, FetchOptions, RemoteFiles } from '@daggerml/remotes';

/**
 * Returns what refuses a remote of publications to a command that takes branches; `place` is the remote as it was typed.
 *
 * @spec DML-CLI-3828
 */
export async function refusingPublications(
  files: Pick<RemoteFiles, 'name'>,
  place: string,
): Promise<NonNullable<FetchOptions['onOffer']>> {
  const { remoteError } = await import('@daggerml/remotes');
  return ({ publications }: FetchOffer): void => {
    if (publications === undefined) return;
    const names = publications.join(', ') || 'none';
    throw remoteError('remote_purpose', { remote: files.name, place, names, detail: 'publications' });
  };
}
