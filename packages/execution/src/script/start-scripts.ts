import { availableParallelism } from 'node:os';
import { DeferredAdapter } from '../adapters/deferred.ts';
import { maskedContext } from '../adapters/masked-context.ts';
import type { StartAdapter } from '../adapters/port.ts';
import type { ScriptAdapterOptions } from './script-adapter.ts';

/** Returns what makes the adapter of scripts; as many run as the machine runs in parallel by default. */
export function startScripts({
  size,
  env,
}: Partial<Pick<ScriptAdapterOptions, 'size' | 'env'>>): StartAdapter {
  // @spec DML-EXE-3349
  const capacity = Math.max(1, size ?? availableParallelism());
  return (context) =>
    new DeferredAdapter(
      capacity,
      async () => {
        const { ScriptAdapter } = await import('./script-adapter.ts');
        return new ScriptAdapter(maskedContext(context, env), { size: capacity, ...(env && { env }) });
      },
      { width: capacity },
    );
}
