import { hashBytes } from './hash/hash-bytes.ts';
import type { DatumId } from './ids.ts';
import { encodeRecord } from './records/encode-record.ts';

/** The URI of the builtin that evaluates to what became of its input instead of taking its value. */
export const OUTCOME_URI = 'dml://call/outcome';

let functionDatumId: DatumId | undefined;

/** Checks whether a node or exec is of the builtin whose input values are outcomes and no values of its inputs. */
export function takesOutcomes(of: { readonly functionDatumId: DatumId }): boolean {
  functionDatumId ??= hashBytes<'datum'>(encodeRecord({ type: 'datum', kind: 'uri', value: OUTCOME_URI }));
  return of.functionDatumId === functionDatumId;
}
