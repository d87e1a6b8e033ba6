import type { OpenAdapter } from '@daggerml/remotes';
import { findRemoteExecutable, remoteExecutableName } from '../adapters/executable/find-executable.ts';
import { REMOTE_LIMITS, type RemoteAdapterLimits } from './limits.ts';

/** Folders in which Remote Adapters are looked for, and the environment that they see. */
export interface RemoteAdapterSurroundings {
  /** Folders in which the executable is looked for, as PATH names them. */
  readonly searchPath: string;
  /** The whole environment of its processes. */
  readonly environment: Readonly<Record<string, string>>;
  /** Processes of one remote that run at one time. */
  readonly size?: number;
  readonly limits?: Partial<RemoteAdapterLimits>;
}

/** An adapter without persistence pays a process for each question. */
const SIZE = 8;

/** Returns what opens the remotes of adapters that are executables of a search path. */
export function remoteAdapters({
  searchPath,
  environment,
  size = SIZE,
  limits,
}: RemoteAdapterSurroundings): OpenAdapter {
  return async (uri, adapterName) => {
    // Most programs never need what it brings along.
    const { AdapterFiles } = await import('./adapter-files.ts');
    const adapter = remoteExecutableName(adapterName);
    return new AdapterFiles(uri, {
      adapter,
      // @spec DML-REM-0651
      find: () => findRemoteExecutable(adapterName, searchPath),
      environment,
      size,
      limits: { ...REMOTE_LIMITS, ...limits },
    });
  };
}
