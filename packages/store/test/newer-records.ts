import type { ObjectClass } from '@daggerml/object-model';

/** Bytes of records as only a later version writes them. */
export const NEWER_RECORDS: readonly { readonly class: ObjectClass; readonly bytes: Uint8Array }[] = [
  { class: 'datum', bytes: Uint8Array.of(0x83, 2, 2, 1) },
  { class: 'datum', bytes: Uint8Array.of(0x84, 1, 2, 12, 0xa0) },
  { class: 'datum', bytes: Uint8Array.of(0x84, 1, 2, 8, 0x81, 0x82, 12, 1) },
  { class: 'node', bytes: Uint8Array.of(0x84, 1, 3, 5, 0xf6) },
  { class: 'page', bytes: Uint8Array.of(0x85, 1, 11, 13, 0, 0x80) },
];

/** Class byte of objects that only a later version knows. */
export const NEWER_CLASS_BYTE = 16;
