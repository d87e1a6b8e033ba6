import { type ExecId, type ExecutionKey, isIdText } from '@daggerml/object-model';
import { z } from 'zod';
import { canonicalJson } from './canonical-json.ts';
import { FORMAT, readJson } from './read-json.ts';
import { noteSchema, timeSchema, writeIdSchema } from './scalars.ts';

/** Outcome under which a claim was finished. */
export interface ClaimOutcome {
  readonly exec: ExecId;
  readonly status: 'ok' | 'error';
}

/** Content of the file of a claim. */
export interface RemoteClaim {
  /** Name of the function, for people; absent where it is not known. */
  readonly call?: string | undefined;
  /** Time of the claim or its last renewal, by the remote's clock. */
  readonly claimedMs: number;
  /** UUID of the execution that has or had it. */
  readonly execution: string;
  readonly fencing: number;
  /** Time after `claimedMs` from which others may take it over. */
  readonly leaseMs: number;
  readonly outcome: ClaimOutcome | null;
  readonly owner: string;
  readonly state: 'held' | 'released' | 'finished';
  readonly write: string;
}

/** Shortest and longest lease: clocks of remotes count seconds. */
export const MIN_LEASE_MS = 1_000;
export const MAX_LEASE_MS = 86_400_000;

const MAX_CLAIM_BYTES = 4_096;

const idSchema = z.custom<ExecId>((value) => typeof value === 'string' && isIdText(value), 'no id');

const schema = z
  .strictObject({
    call: noteSchema.optional(),
    claimedMs: timeSchema,
    execution: writeIdSchema,
    fencing: z
      .int()
      .min(1)
      .max(2 ** 32 - 1),
    format: z.literal(FORMAT),
    leaseMs: z.int().min(MIN_LEASE_MS).max(MAX_LEASE_MS),
    outcome: z.strictObject({ exec: idSchema, status: z.enum(['ok', 'error']) }).nullable(),
    owner: noteSchema,
    state: z.enum(['held', 'released', 'finished']),
    write: writeIdSchema,
  })
  // @spec DML-REM-1121
  .refine(({ state, outcome }) => (state === 'finished') === (outcome !== null), { path: ['outcome'] });

/** Returns the path of the claim of an execution key. */
export function claimPath(key: ExecutionKey): string {
  return `claims/${key}.json`;
}

/** Returns the bytes of a claim. */
export function encodeClaim({ call, ...claim }: RemoteClaim): Buffer {
  return canonicalJson({ format: FORMAT, ...(call !== undefined && { call }), ...claim } as never);
}

/**
 * Reads a claim; throws `remote_damaged` and `remote_format_newer`.
 *
 * @spec DML-REM-1110
 */
export function decodeClaim(bytes: Uint8Array, key: ExecutionKey, remote: string): RemoteClaim {
  const origin = { remote, path: claimPath(key), maxBytes: MAX_CLAIM_BYTES };
  const { format: _format, ...claim } = readJson(bytes, schema, origin);
  return claim;
}
