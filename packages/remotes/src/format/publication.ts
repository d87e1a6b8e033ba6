import { type CommitId, isIdText, type ReferenceId } from '@daggerml/object-model';
import { parseRefName } from '@daggerml/store';
import { z } from 'zod';
import { keyOfDid } from '../signatures/did-key.ts';
import { countSchema, timeSchema } from './scalars.ts';

/** A commit that a domain has published under a name. */
export interface Publication {
  /** Null where the publication has ended. */
  readonly commit: CommitId | null;
  /** `did:key` of the domain, which has signed this. */
  readonly domain: string;
  /** 1 for the first publication under a name, then one more each time. */
  readonly number: number;
  /** References of the domain that are published with the commit, by their names. */
  readonly references: Readonly<Record<string, ReferenceId>>;
  /** Base64 of the signature over all of this and the name. */
  readonly sig: string;
  /** Clock of the domain. */
  readonly timeMs: number;
}

/** Publications by their names. */
export type Publications = Readonly<Record<string, Publication>>;

const idSchema = z.custom<never>((value) => typeof value === 'string' && isIdText(value), 'no id');

/** Checks whether a text is one that names a publication or a reference. */
export function isPublicationName(name: string): boolean {
  try {
    return parseRefName(`refs/references/${name}`).kind === 'references';
  } catch {
    return false;
  }
}

/** Keys are looked at as they stand: a library may leave out names that mean something to the language. */
function recordOf<Value>(accepts: (value: unknown) => boolean): z.ZodType<Readonly<Record<string, Value>>> {
  return z.custom<Readonly<Record<string, Value>>>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.entries(value).every(([name, member]) => isPublicationName(name) && accepts(member)),
    'no map of names',
  );
}

const publicationSchema: z.ZodType<Publication> = z
  .strictObject({
    commit: idSchema.nullable(),
    domain: z.string().refine((text) => keyOfDid(text) !== undefined),
    number: countSchema.min(1),
    references: recordOf<ReferenceId>((id) => idSchema.safeParse(id).success),
    sig: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
    timeMs: timeSchema,
  })
  .refine(({ commit, references }) => commit !== null || Object.keys(references).length === 0);

/** Form of the publications of a state, of which there is one at least. */
export const publicationsSchema: z.ZodType<Publications> = recordOf<Publication>(
  (value) => publicationSchema.safeParse(value).success,
).refine((publications) => Object.keys(publications).length > 0);
