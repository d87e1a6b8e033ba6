import { refuseRemoteUri } from '../refuse-remote-uri.ts';
import type { RemoteSurroundings } from '../remote.ts';
import { parseRemoteUri } from '../remote-uri.ts';
import { openFolderFiles } from './folder/folder-files.ts';
import type { RemoteFiles } from './remote-files.ts';
import { placeOf } from './remote-place.ts';
import { openS3Files } from './s3/s3-files.ts';

/** Creates the files of a remote whose adapter is a program of its own. */
export type OpenAdapter = (uri: string, adapterName: string) => RemoteFiles | Promise<RemoteFiles>;

/**
 * Creates the files of the remote that a canonical URI names; nothing is read or written yet. Throws
 * `remote_uri_invalid` for an adapter that is none of the box, unless something opens others.
 */
export async function openFiles(
  uri: string,
  surroundings: Pick<RemoteSurroundings, 'clock' | 'randomBytes'>,
  openAdapter: OpenAdapter = refuseAdapter,
): Promise<RemoteFiles> {
  const found = placeOf(parseRemoteUri(uri));
  if (found.kind === 'adapter') return await openAdapter(uri, found.adapterName);
  if (found.kind === 'folder') return openFolderFiles(found.path, surroundings);
  const { clock, randomBytes } = surroundings;
  return openS3Files(found.place, {
    nowMs: () => clock.now(),
    pause: (ms) => clock.sleep(ms),
    random: () => Buffer.from(randomBytes(4)).readUInt32LE(0) / 2 ** 32,
  });
}

function refuseAdapter(): never {
  return refuseRemoteUri('adapter', 'a remote is a folder (file) or a bucket (s3) here');
}
