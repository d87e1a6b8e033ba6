import { z } from 'zod';
import { countSchema, fileNameSchema } from './scalars.ts';

/** A segment as a group lists it; `file` is its name without folder and suffix. */
export interface SegmentEntry {
  readonly bytes: number;
  readonly file: string;
}

/** Objects of a push, `loose` ones that no ref needs yet, or outcomes of the shared cache. */
export type GroupKind = 'objects' | 'loose' | 'cache';

/** An index object with its segments, as a state lists them. */
export interface GroupEntry {
  /** Size of the index object. */
  readonly bytes: number;
  /** Rows of the index object. */
  readonly entries: number;
  /** Name of the index object without folder and suffix. */
  readonly index: string;
  readonly kind: GroupKind;
  /** In the order of the index object. */
  readonly segments: readonly SegmentEntry[];
}

/** Form of a group in JSON. */
export const groupSchema: z.ZodType<GroupEntry> = z.strictObject({
  bytes: countSchema,
  entries: countSchema,
  index: fileNameSchema,
  kind: z.enum(['objects', 'loose', 'cache']),
  segments: z.array(z.strictObject({ bytes: countSchema, file: fileNameSchema })),
});
