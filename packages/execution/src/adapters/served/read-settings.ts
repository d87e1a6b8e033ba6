import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { type AdapterSettings, SETTINGS_VARIABLE } from './adapter-settings.ts';

const settingsSchema = z.strictObject({
  maxCalls: z.int().min(1).optional(),
  env: z.record(z.string(), z.string()).optional(),
  memoryMb: z.int().min(1).optional(),
});

/**
 * Returns the settings that an environment has: by default as many calls as the machine runs in parallel, and no
 * variables for functions. Throws an error that says what is wrong with them.
 *
 * @spec DML-EXE-3236
 */
export function settingsOf(environment: Readonly<Record<string, string | undefined>>): AdapterSettings & {
  readonly maxCalls: number;
  readonly env: Readonly<Record<string, string>>;
} {
  const { maxCalls = availableParallelism(), env = {}, memoryMb } = parsed(environment[SETTINGS_VARIABLE]);
  return { maxCalls, env, memoryMb };
}

function parsed(text = '{}'): AdapterSettings {
  try {
    return settingsSchema.parse(JSON.parse(text));
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : 'it is no JSON';
    throw new Error(`${SETTINGS_VARIABLE} is not what an adapter can be set to: ${problem}`);
  }
}
