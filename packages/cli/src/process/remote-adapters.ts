import type { RemoteAdapterSurroundings } from '@daggerml/execution';
import type { OpenAdapter } from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { adapterSurroundings } from './adapter-surroundings.ts';

type Env = CommandContext['io']['env'];

/** Variable with the names of further variables that Remote Adapters see, separated by commas. */
const PASSED = 'DML_REMOTE_ENV';

/**
 * Returns where Remote Adapters are looked for, and what they see: as Execution Adapters, and the variables that
 * `DML_REMOTE_ENV` names.
 */
export function remoteSurroundings(env: Env): RemoteAdapterSurroundings {
  const passed: Record<string, string> = {};
  for (const name of (env[PASSED] ?? '').split(',').map((each) => each.trim())) {
    const value = env[name];
    // @spec DML-REM-0665
    if (name !== '' && value !== undefined) passed[name] = value;
  }
  return adapterSurroundings(env, passed);
}

/** Returns what opens the remotes of executables; those of the box do without loading it. */
export function adapterOpener(env: Env): OpenAdapter {
  return async (uri, adapterName) => {
    const { remoteAdapters } = await import('@daggerml/execution');
    return remoteAdapters(remoteSurroundings(env))(uri, adapterName);
  };
}

/** Throws `remote_uri_invalid` for a remote whose adapter PATH does not offer. */
export async function requireAdapter(uri: string, env: Env): Promise<void> {
  const { adapterOf, remoteError } = await import('@daggerml/remotes');
  const adapterName = adapterOf(uri);
  if (adapterName === undefined) return;
  const { findRemoteExecutable } = await import('@daggerml/execution');
  // @spec DML-REM-0666
  if (findRemoteExecutable(adapterName, env.PATH ?? '') !== undefined) return;
  throw remoteError('remote_uri_invalid', {
    detail: 'adapter',
    text: uri.replace(/\?.*/s, '?…'),
    instead: `a remote is a folder (file) or a bucket (s3), or of an executable "dml-remote-${adapterName}" in a folder of PATH that others cannot write to; there is none`,
  });
}
