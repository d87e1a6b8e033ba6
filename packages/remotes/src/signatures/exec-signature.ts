import { type KeyObject, sign, verify } from 'node:crypto';
import type { CommitId, ExecId } from '@daggerml/object-model';
import type { CacheSignature } from '../format/cache-row.ts';
import { keyOfDid } from './did-key.ts';
import { signedBytes, signingKey } from './signing-key.ts';

/** Type of what is signed: a signature over one class is not valid for another. */
const EXEC_TYPE = 'application/vnd.daggerml.exec';
const COMMIT_TYPE = 'application/vnd.daggerml.commit';

/** Signer who signs execs, and commits of exec refs. */
export interface ExecSigner {
  /** `did:key` of the key. */
  readonly signer: string;
  sign(execId: ExecId): CacheSignature;
  signCommit(commitId: CommitId): CacheSignature;
}

/** Trust of a user in the outcomes of a remote. */
export interface TrustPolicy {
  /** `did:key`s whose signatures are trusted. */
  readonly keys: readonly string[];
  /** True where execs that nobody has signed are trusted as well. */
  readonly unsigned: boolean;
}

/**
 * Creates a signer of a private key in PEM; throws `signing_key_invalid` for anything but an Ed25519 key without a
 * pass phrase.
 */
export function execSigner(pem: string | Uint8Array, origin: string): ExecSigner {
  const { key, did: signer } = signingKey(pem, origin);
  return {
    signer,
    sign: (execId) => ({ signer, bytes: sign(null, signedBytes(EXEC_TYPE, execId), key) }),
    signCommit: (commitId) => ({ signer, bytes: sign(null, signedBytes(COMMIT_TYPE, commitId), key) }),
  };
}

/** Judges entries of a cache by a policy; keeps the keys that it has read. */
export class ExecTrust {
  readonly #policy: TrustPolicy;
  readonly #keys = new Map<string, KeyObject>();

  constructor(policy: TrustPolicy) {
    this.#policy = policy;
    for (const text of policy.keys) {
      const key = keyOfDid(text);
      if (key) this.#keys.set(text, key);
    }
  }

  /**
   * Checks whether an exec may be used: signed by a key that is trusted, or not signed where that is enough.
   *
   * @spec DML-REM-1503
   */
  accepts(execId: ExecId, signature: CacheSignature | undefined): boolean {
    return this.#accepts(signedBytes(EXEC_TYPE, execId), signature);
  }

  /** Checks whether a commit of an exec ref may be used, as for an exec. */
  acceptsCommit(commitId: CommitId, signature: CacheSignature | undefined): boolean {
    return this.#accepts(signedBytes(COMMIT_TYPE, commitId), signature);
  }

  #accepts(signed: Buffer, signature: CacheSignature | undefined): boolean {
    if (this.#policy.unsigned) return true;
    // @spec DML-REM-1505
    const key = signature && this.#keys.get(signature.signer);
    // @spec DML-REM-1501
    // @spec DML-REM-1502
    return key !== undefined && verify(null, signed, key, signature?.bytes ?? Buffer.alloc(0));
  }

  /** Checks whether what a signer signs is trusted here; undefined is nobody. */
  acceptsFrom(signer: string | undefined): boolean {
    return this.#policy.unsigned || (signer !== undefined && this.#keys.has(signer));
  }
}
