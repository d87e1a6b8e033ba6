import type { RecordType } from '../object-class.ts';
import type { AnyRecord } from './record-types.ts';

/** Encodes the shapes written most often directly; undefined for any other. */
export function encodeByTemplate(_record: AnyRecord): Uint8Array | undefined {
  return undefined;
}

/** Decodes the shapes read most often directly; undefined for anything that needs a closer look. */
export function decodeByTemplate(_bytes: Uint8Array, _type: RecordType): AnyRecord | undefined {
  return undefined;
}
