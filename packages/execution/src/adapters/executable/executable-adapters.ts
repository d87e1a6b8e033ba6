import { availableParallelism } from 'node:os';
import type { OtherAdapters } from '../by-name.ts';
import { maskedContext } from '../masked-context.ts';
import { ExecutableAdapter, type ExecutableAdapterOptions } from './executable-adapter.ts';
import { isAdapterName } from './find-executable.ts';

/** Folders in which executables are looked for, and the environment that they see. */
export type ExecutableSurroundings = Pick<ExecutableAdapterOptions, 'searchPath' | 'environment' | 'limits'>;

/** Makes adapters of executables; each has at most `size` processes at a time. */
export function executableAdapters(
  surroundings: ExecutableSurroundings,
  size: number = availableParallelism(),
): OtherAdapters {
  return (name) =>
    isAdapterName(name)
      ? (context) =>
          new ExecutableAdapter(maskedContext(context, surroundings.environment), {
            ...surroundings,
            name,
            size,
          })
      : undefined;
}
