import { availableParallelism } from 'node:os';
import { LOCAL_ADAPTER, parseFunctionUri } from '@daggerml/repository';
import { programFile } from '../../source-file.ts';
import { AdaptersByName } from '../by-name.ts';
import { LocalWorkers, type WorkerPoolOptions } from '../local-workers.ts';
import type { AdapterContext, StartAdapter } from '../port.ts';
import { type AdapterSettings, SETTINGS_VARIABLE } from '../served/adapter-settings.ts';
import { ExecutableAdapter } from './executable-adapter.ts';
import type { ExecutableSurroundings } from './executable-adapters.ts';

/**
 * Returns what makes the adapter of captured functions with processes instead of threads, one call at a time in each.
 * Functions that make calls of their own stay in threads, since an executable cannot ask for a call.
 *
 * @spec DML-EXE-3235
 */
export function isolatedWorkers(
  options: WorkerPoolOptions,
  surroundings: ExecutableSurroundings | undefined,
): StartAdapter {
  const places = {
    processes: inProcesses(options, surroundings),
    threads: (context: AdapterContext) => new LocalWorkers(context, options),
  };
  const nameOf = (uri: string): keyof typeof places => (uri.includes('?calls=') ? 'threads' : 'processes');
  return (context) => new AdaptersByName(context, places, { nameOf });
}

function inProcesses(
  { size = availableParallelism(), env, resourceLimits }: WorkerPoolOptions,
  surroundings: ExecutableSurroundings | undefined,
): StartAdapter {
  const memoryMb = resourceLimits?.maxOldGenerationSizeMb;
  const settings: AdapterSettings = { maxCalls: 1, env, memoryMb, starterPid: process.pid };
  const { environment = { PATH: process.env.PATH ?? '' }, limits } = surroundings ?? {};
  return (context) =>
    new ExecutableAdapter(context, {
      name: LOCAL_ADAPTER,
      searchPath: '',
      environment: { ...environment, [SETTINGS_VARIABLE]: JSON.stringify(settings) },
      size: Math.max(1, size),
      ...(limits && { limits }),
      boxed: {
        program: process.execPath,
        args: [LOCAL_ADAPTER, programFile('dml-worker')],
        functionDatumIdOf: (uri) => parseFunctionUri(uri).bundleDatumId,
      },
    });
}
