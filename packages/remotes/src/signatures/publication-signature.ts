import { sign, verify } from 'node:crypto';
import { canonicalJson } from '../format/canonical-json.ts';
import type { Publication } from '../format/publication.ts';
import { keyOfDid } from './did-key.ts';
import { signedBytes, signingKey } from './signing-key.ts';

/** Type of what is signed: a signature over one class is not valid for another. */
const PUBLICATION_TYPE = 'application/vnd.daggerml.publication';

/** Facts that the signature of a publication covers: all of it, and the name under which it is published. */
export type PublicationFacts = Omit<Publication, 'sig'> & { readonly name: string };

/** Owner of the key that names a domain. */
export interface DomainSigner {
  /** `did:key` of the key, which is the name of the domain. */
  readonly domain: string;
  /** Returns a publication with its signature. */
  sign(facts: PublicationFacts): Publication;
}

/** Returns the canonical JSON that is signed. */
export function publicationPayload({
  commit,
  domain,
  name,
  number,
  references,
  timeMs,
}: PublicationFacts): string {
  return canonicalJson({ commit, domain, name, number, references, timeMs }).toString('utf8');
}

/**
 * Creates the signer of a domain from a private key in PEM; throws `signing_key_invalid` for anything but an Ed25519 key
 * without a pass phrase.
 */
export function domainSigner(pem: string | Uint8Array, origin: string): DomainSigner {
  // @spec DML-REM-1301
  const { key, did: domain } = signingKey(pem, origin);
  return {
    domain,
    sign: ({ name, ...facts }) => {
      const sig = sign(
        null,
        signedBytes(PUBLICATION_TYPE, publicationPayload({ name, ...facts })),
        key,
      ).toString('base64');
      return { ...facts, sig };
    },
  };
}

/**
 * Checks whether a payload was signed by the key that names a domain.
 *
 * @spec DML-REM-1312
 */
export function isSignedBy(domain: string, payload: string, sig: string): boolean {
  const key = keyOfDid(domain);
  return (
    key !== undefined && verify(null, signedBytes(PUBLICATION_TYPE, payload), key, Buffer.from(sig, 'base64'))
  );
}
