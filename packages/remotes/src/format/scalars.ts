import { z } from 'zod';

/** A number of states or collections, or a size in bytes. */
export const countSchema: z.ZodInt = z.int().min(0);

/**
 * A time in milliseconds since 1970, which a date can hold.
 *
 * @spec DML-REM-1925
 */
export const timeSchema: z.ZodInt = z.int().min(0).max(8.64e15);

/** UUID of one write of a mutable file. */
export const writeIdSchema: z.ZodType<string> = z
  .string()
  .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

/** Name of a state without folder and suffix. */
export const stateNameSchema: z.ZodType<string> = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,15})-(?:0|[1-9][0-9]{0,15})-[0-9a-f]{64}$/);

/** Name of a segment, index object, cache index or file of tombstones, without folder and suffix. */
export const fileNameSchema: z.ZodType<string> = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,15})-[0-9a-f]{64}-[0-9a-f]{32}$/);

/** Text that people wrote, for people; its length is that in code points. */
export const noteSchema: z.ZodType<string> = z
  .string()
  .min(1)
  .max(2048)
  .refine((text) => text.isWellFormed() && [...text].length <= 1024);
