import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { type AdapterSettings, SETTINGS_VARIABLE } from './adapter-settings.ts';

/** Settings with what is decided here where nobody has. */
type OwnSettings = AdapterSettings & {
  readonly maxCalls: number;
  readonly env: Readonly<Record<string, string>>;
  readonly starterPid: number;
};

const settingsSchema: z.ZodType<OwnSettings> = z.strictObject({
  maxCalls: z.int().min(1).default(availableParallelism),
  env: z.record(z.string(), z.string()).default({}),
  memoryMb: z.int().min(1).optional(),
  starterPid: z
    .int()
    .min(1)
    .default(() => process.ppid),
});

/**
 * Returns the settings that an environment has: by default as many calls as the machine runs in parallel, no variables
 * for functions, and the parent process as the one that started it. Throws an error that says what is wrong with them.
 *
 * @spec DML-EXE-3236
 */
export function settingsOf(environment: Readonly<Record<string, string | undefined>>): OwnSettings {
  try {
    return settingsSchema.parse(JSON.parse(environment[SETTINGS_VARIABLE] ?? '{}'));
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : 'it is no JSON';
    throw new Error(`${SETTINGS_VARIABLE} is not what an adapter can be set to: ${problem}`);
  }
}
