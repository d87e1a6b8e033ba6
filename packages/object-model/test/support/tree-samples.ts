import {
  type ChunkId,
  type CommitId,
  compareBytes,
  type DagId,
  type DatumId,
  type Element,
  type ExecId,
  type ExecRequestId,
  encodeElement,
  isKeyedRole,
  type LeafEntries,
  type NodeId,
  type PageRole,
  type ReferenceId,
  sha256Hex,
  utf8Bytes,
} from '../../src/index.ts';

/** Every role of pages. */
export const ROLES: readonly PageRole[] = [
  'list',
  'set',
  'map',
  'names',
  'dags',
  'pins',
  'requests',
  'inputs',
  'chunks',
  'values',
  'heads',
  'references',
];

/** Returns the id that a label stands for. */
export function idFor<Id extends string>(label: string): Id {
  return sha256Hex(utf8Bytes(label)) as Id;
}

/** Returns the i64 element of a number. */
export function i64(value: number): Element {
  return { type: 'datum', kind: 'i64', value: BigInt(value) };
}

/** Role → the entry numbered `at`; different numbers have different keys. */
export const SAMPLE_ENTRIES: { readonly [Role in PageRole]: (at: number) => LeafEntries[Role] } = {
  list: (at) => i64(at % 7),
  set: (at) => i64(at),
  map: (at) => [`key-${at}`, at % 3 === 0 ? idFor(`datum ${at}`) : i64(at)],
  names: (at) => [`name-${at}`, idFor<NodeId>(`node ${at}`)],
  dags: (at) => [`dag-${at}`, idFor<DagId>(`dag ${at}`)],
  pins: (at) => [idFor<NodeId>(`node ${at}`), idFor<ExecId>(`exec ${at}`)],
  requests: (at) => [idFor<NodeId>(`node ${at}`), idFor<ExecRequestId>(`request ${at}`)],
  inputs: (at) => idFor<NodeId>(`node ${at % 50}`),
  chunks: (at) => [idFor<ChunkId>(`chunk ${at}`), 16_385 + (at % 1000)],
  values: (at) => idFor<DatumId>(`datum ${at % 50}`),
  heads: (at) => [`head-${at}`, idFor<CommitId>(`commit ${at}`)],
  references: (at) => [`reference-${at}`, idFor<ReferenceId>(`reference ${at}`)],
};

/** Returns the sample entries of these numbers, or of 0 to a count, in the order that a tree of the role has. */
export function sampleEntries<Role extends PageRole>(
  role: Role,
  numbers: number | readonly number[],
): LeafEntries[Role][] {
  const all = typeof numbers === 'number' ? Array.from({ length: numbers }, (_, at) => at) : numbers;
  const entries = all.map((at) => SAMPLE_ENTRIES[role](at) as LeafEntries[Role]);
  if (role === 'set') {
    return entries.sort((left, right) =>
      compareBytes(encodeElement(left as Element), encodeElement(right as Element)),
    );
  }
  if (!isKeyedRole(role)) return entries;
  const text = (entry: LeafEntries[Role]): string => (entry as readonly string[])[0]!;
  return entries.sort((left, right) => (text(left) < text(right) ? -1 : 1));
}
