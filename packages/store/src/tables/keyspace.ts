import {
  idOfBytes,
  isIdText,
  OBJECT_CLASS_NUMBERS,
  type ObjectClass,
  type ObjectId,
  objectClassOf,
  RECORD_TYPE_NUMBERS,
} from '@daggerml/object-model';

/** The byte that leads the key of every object of a class: the record's type number, 12 for raw chunks. */
export const CLASS_BYTES: typeof OBJECT_CLASS_NUMBERS = OBJECT_CLASS_NUMBERS;

/** Greatest number of a record type; what is above belongs to a newer format. */
const HIGHEST_CLASS_BYTE: number = Math.max(...Object.values(RECORD_TYPE_NUMBERS));

/** Length of an object's key: class byte and the 32 bytes of its id. */
export const OBJECT_KEY_BYTES = 33;

/**
 * Writes the 33-byte key of an object into `target` at `offset`.
 * The caller keeps `target`; an id that is not 64 lowercase hex digits leaves a key that names nothing.
 */
export function writeObjectKey(target: Buffer, offset: number, objectClass: ObjectClass, id: ObjectId): void {
  // @spec DML-STO-0001
  target[offset] = CLASS_BYTES[objectClass];
  target.write(id, offset + 1, 32, 'hex');
}

/** Returns a fresh 33-byte object key, undefined when `id` is not a full id. */
export function objectKey(objectClass: ObjectClass, id: string): Buffer | undefined {
  if (!isIdText(id)) return undefined;
  const key = Buffer.allocUnsafeSlow(OBJECT_KEY_BYTES);
  writeObjectKey(key, 0, objectClass, id as ObjectId);
  return key;
}

/** Checks whether a key is that of an object whose class only a later version knows. */
export function isNewerClass(key: Uint8Array): boolean {
  return key.length === OBJECT_KEY_BYTES && (key[0] as number) > HIGHEST_CLASS_BYTE;
}

/** Values of the codes of lowercase hex digits. */
const NIBBLES: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) =>
  Math.max(0, '0123456789abcdef'.indexOf(String.fromCharCode(code))),
);

/** Checks whether the 32 bytes of an id stand at an offset, without making a text of them. */
export function isIdAt(bytes: Uint8Array, offset: number, id: ObjectId): boolean {
  for (let digit = 0, at = offset; digit < 64; digit += 2, at += 1) {
    const high = NIBBLES[id.charCodeAt(digit)] as number;
    const low = NIBBLES[id.charCodeAt(digit + 1)] as number;
    if (bytes[at] !== ((high << 4) | low)) return false;
  }
  return true;
}

/** Reads the id back from an object's key, whatever its class. */
export function idOfKey(key: Uint8Array): ObjectId {
  return idOfBytes(key, 1) as ObjectId;
}

/** Returns class and id of an object for an error, from its key. */
export function describeKey(key: Uint8Array): { readonly class: string; readonly objectId: string } {
  return { class: objectClassOf(key[0] as number) ?? 'unknown', objectId: idOfKey(key) };
}

/** Reads class and id back from an object's key. */
export function parseObjectKey(key: Uint8Array): { class: ObjectClass; id: ObjectId } | undefined {
  const objectClass = key.length === OBJECT_KEY_BYTES ? objectClassOf(key[0] as number) : undefined;
  return objectClass && { class: objectClass, id: idOfKey(key) };
}

/** Returns the 8-byte big-endian key of a sequence number, so that keys sort as the numbers do. */
export function sequenceKey(sequence: number): Buffer {
  const key = Buffer.alloc(8);
  // @spec DML-STO-0003
  key.writeBigUInt64BE(BigInt(sequence));
  return key;
}

/** Reads a sequence number from the first eight bytes of a key. */
export function parseSequenceKey(key: Uint8Array): number {
  return Number(Buffer.from(key.buffer, key.byteOffset, 8).readBigUInt64BE());
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Checks whether a text is a UUID in its 36-character lowercase form. */
export function isUuid(text: unknown): text is string {
  return typeof text === 'string' && UUID.test(text);
}

/** Returns the 16-byte key of a UUID in its 36-character form. */
export function uuidKey(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

/** Returns the UTF-8 bytes of a textual key. */
export function textKey(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}
