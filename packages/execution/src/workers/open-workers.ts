import type { Remote } from '@daggerml/remotes';
import type { StartAdapter } from '../adapters/port.ts';
import type { RemoteWorkerOptions } from './remote-worker.ts';
import type { RemoteWorkersOptions } from './remote-workers.ts';

/** Returns the adapter that has calls run by the workers of a remote. Packages that it takes are loaded here. */
export async function remoteWorkers(remote: Remote, options: RemoteWorkersOptions): Promise<StartAdapter> {
  const { RemoteWorkers } = await import('./remote-workers.ts');
  return (context) => new RemoteWorkers(context, remote, options);
}

/**
 * Runs jobs of a remote until the signal is aborted, or the worker has had none for as long as the options say. Rejects
 * where the remote refuses what a worker does.
 */
export async function runRemoteWorker(
  remote: Remote,
  options: RemoteWorkerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { RemoteWorker } = await import('./remote-worker.ts');
  await new RemoteWorker(remote, options).run(signal);
}
