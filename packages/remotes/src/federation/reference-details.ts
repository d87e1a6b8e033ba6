import {
  type Datum,
  type DatumId,
  type Element,
  isInline,
  type PageSource,
  type ReferenceRecord,
  treeGet,
} from '@daggerml/object-model';
import type { WriteTransaction } from '@daggerml/store';
import {
  isSignedBy,
  type PublicationFacts,
  publicationPayload,
} from '../signatures/publication-signature.ts';

/** Statement that the domain of a reference has signed, as the details of the reference keep it. */
export interface ReferenceProof {
  /** Number of the publication. */
  readonly number: number;
  /** Canonical JSON that is signed. */
  readonly payload: string;
  readonly sig: string;
}

/** Source of the objects that a reference links to. */
export interface DetailsSource extends PageSource {
  /** Returns a datum; undefined where it is not here. */
  getDatum(datumId: DatumId): Datum | undefined;
}

const SCHEMA = 1n;

/** Puts the details of a reference and returns their id. */
export function putProof(
  transaction: Pick<WriteTransaction, 'putRecord'>,
  { number, payload, sig }: ReferenceProof,
): DatumId {
  const text = (value: string): Element => {
    const datum = { type: 'datum', kind: 'string', value } as const;
    return isInline(datum) ? datum : transaction.putRecord<'datum'>(datum);
  };
  const i64 = (value: bigint): Element => ({ type: 'datum', kind: 'i64', value });
  const root: (readonly [string, Element])[] = [
    ['number', i64(BigInt(number))],
    ['payload', text(payload)],
    ['schema', i64(SCHEMA)],
    ['sig', text(sig)],
  ];
  return transaction.putRecord({ type: 'datum', kind: 'map', root });
}

/** Reads what the domain of a reference has signed; undefined where the details do not say. */
export function readProof(
  { detailsDatumId }: Pick<ReferenceRecord, 'detailsDatumId'>,
  source: DetailsSource,
): ReferenceProof | undefined {
  const details = detailsDatumId === null ? undefined : source.getDatum(detailsDatumId);
  if (details?.kind !== 'map') return undefined;
  const value = (key: string): string | bigint | undefined => {
    const element = treeGet('map', details.root, key, source)?.[1];
    const datum = typeof element === 'string' ? source.getDatum(element) : element;
    return datum?.kind === 'string' || datum?.kind === 'i64' ? datum.value : undefined;
  };
  const [number, payload, sig] = [value('number'), value('payload'), value('sig')];
  if (typeof number !== 'bigint' || typeof payload !== 'string' || typeof sig !== 'string') return undefined;
  return { number: Number(number), payload, sig };
}

/** Checks whether a proof is one of the domain of a reference, for the commit and the references that it holds. */
export function proves(
  { payload, sig }: ReferenceProof,
  { domain, name, commitId }: ReferenceRecord,
  references: PublicationFacts['references'],
): boolean {
  let facts: PublicationFacts;
  try {
    facts = JSON.parse(payload) as PublicationFacts;
    if (publicationPayload(facts) !== payload) return false;
  } catch {
    return false;
  }
  const isOfReference =
    facts.domain === domain &&
    facts.name === name &&
    facts.commit === commitId &&
    JSON.stringify(sorted(facts.references)) === JSON.stringify(sorted(references));
  return isOfReference && isSignedBy(domain, payload, sig);
}

function sorted(references: PublicationFacts['references']): readonly (readonly [string, string])[] {
  return Object.entries(references).sort(([left], [right]) => (left < right ? -1 : 1));
}
