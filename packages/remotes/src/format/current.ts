import { z } from 'zod';
import { canonicalJson } from './canonical-json.ts';
import { CURRENT_PATH } from './file-path.ts';
import { FORMAT, readJson } from './read-json.ts';
import { countSchema, stateNameSchema, writeIdSchema } from './scalars.ts';

/** Content of the one mutable file: which state is in effect. */
export interface Current {
  readonly sequence: number;
  /** Name of the state without folder and suffix. */
  readonly state: string;
  /** Write id of the write that put this content in effect. */
  readonly write: string;
}

const MAX_CURRENT_BYTES = 4096;

const schema = z.strictObject({
  format: z.literal(FORMAT),
  sequence: countSchema,
  state: stateNameSchema,
  write: writeIdSchema,
});

/** Returns the bytes of CURRENT. */
export function encodeCurrent(current: Current): Buffer {
  return canonicalJson({ format: FORMAT, ...current });
}

/** Reads CURRENT; throws `remote_damaged` and `remote_format_newer`. */
export function decodeCurrent(bytes: Uint8Array, remote: string): Current {
  const { sequence, state, write } = readJson(bytes, schema, {
    remote,
    path: CURRENT_PATH,
    maxBytes: MAX_CURRENT_BYTES,
  });
  return { sequence, state, write };
}
