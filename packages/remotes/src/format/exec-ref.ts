import { areNeeds, type CommitId, type ExecutionKey, isIdText, type Needs } from '@daggerml/object-model';
import { z } from 'zod';
import { remoteError } from '../errors.ts';
import { keyOfDid } from '../signatures/did-key.ts';
import type { CacheSignature } from './cache-row.ts';
import { canonicalJson } from './canonical-json.ts';
import { type GroupEntry, groupSchema } from './group.ts';
import { FORMAT, readJson } from './read-json.ts';
import { noteSchema, timeSchema, writeIdSchema } from './scalars.ts';

/** Kinds of exec refs, which are folders of a remote: what is to run, and what came of it. */
export type ExecRefKind = 'exec' | 'results';

/** Reason why a worker has no result. */
export interface ExecProblem {
  readonly code: string;
  readonly reason: string;
}

/** Content of an exec ref. */
export interface ExecRef {
  /** Snapshot, or result commit; null for a result that there is none of. */
  readonly commit: CommitId | null;
  /** Groups that hold what the commit reaches. */
  readonly groups: readonly GroupEntry[];
  /** Key under which the job is claimed. */
  readonly key: ExecutionKey;
  /** Amounts and qualities that the job needs, as names with numbers or true; of a result, those that its worker offers. */
  readonly needs: Needs;
  /** Owner, for people. */
  readonly owner: string;
  readonly problem: ExecProblem | null;
  /** Signature over the commit. */
  readonly signature: CacheSignature | undefined;
  /** Time by the remote's clock. */
  readonly timeMs: number;
  readonly write: string;
}

/** Longest exec ref that is read. */
const MAX_EXEC_REF_BYTES = 1_048_576;

const idSchema = z.custom<string>((value) => typeof value === 'string' && isIdText(value), 'no id');
const needsSchema = z.custom<Needs>(areNeeds, 'no needs');
const signatureSchema = z.strictObject({
  keyid: z.string().refine((text) => keyOfDid(text) !== undefined),
  sig: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
});

const schema = z
  .strictObject({
    commit: idSchema.nullable(),
    format: z.literal(FORMAT),
    groups: z.array(groupSchema),
    key: idSchema,
    needs: needsSchema,
    owner: noteSchema,
    problem: z.strictObject({ code: noteSchema, reason: noteSchema }).nullable(),
    signature: signatureSchema.nullable(),
    timeMs: timeSchema,
    write: writeIdSchema,
  })
  .refine(({ commit, problem }) => (commit === null) === (problem !== null), { path: ['problem'] });

/** Returns the path of an exec ref. */
export function execRefPath(kind: ExecRefKind, executionUuid: string): string {
  return `${kind}/${executionUuid}.json`;
}

/** Returns the bytes of an exec ref. */
export function encodeExecRef({ signature, ...ref }: ExecRef): Buffer {
  const signed = signature && {
    keyid: signature.signer,
    sig: Buffer.from(signature.bytes).toString('base64'),
  };
  return canonicalJson({ format: FORMAT, ...ref, signature: signed ?? null } as never);
}

/**
 * Reads an exec ref; throws `remote_damaged` and `remote_format_newer`.
 *
 * @spec DML-REM-1801
 */
export function decodeExecRef(bytes: Uint8Array, path: string, remote: string): ExecRef {
  const {
    format: _format,
    signature,
    ...ref
  } = readJson(bytes, schema, {
    remote,
    path,
    maxBytes: MAX_EXEC_REF_BYTES,
  });
  // @spec DML-REM-1802
  if (path.startsWith('exec/') && ref.commit === null)
    throw remoteError('remote_damaged', { remote, path, detail: 'form', field: 'commit' });
  return {
    ...ref,
    commit: ref.commit as CommitId | null,
    key: ref.key as ExecutionKey,
    signature: signature
      ? { signer: signature.keyid, bytes: Buffer.from(signature.sig, 'base64') }
      : undefined,
  };
}
