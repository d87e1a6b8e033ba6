import { createPublicKey, type KeyObject } from 'node:crypto';

const PREFIX = 'did:key:z';
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** Multicodec of an Ed25519 public key, and the key. */
const CODEC = [0xed, 0x01] as const;
const KEY_BYTES = 32;
/** SubjectPublicKeyInfo of an Ed25519 key up to the key itself. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Returns the `did:key` of an Ed25519 key; throws a `TypeError` for any other key. */
export function didKeyOf(key: KeyObject): string {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('the key is no Ed25519 key');
  const publicKey = key.type === 'public' ? key : createPublicKey(key);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return PREFIX + base58(Buffer.from([...CODEC, ...spki.subarray(SPKI_PREFIX.length)]));
}

/** Returns the public key that a `did:key` names; undefined for text that is none of an Ed25519 key. */
export function keyOfDid(text: string): KeyObject | undefined {
  const bytes =
    text.startsWith(PREFIX) && text.length <= 64 ? bytesOfBase58(text.slice(PREFIX.length)) : undefined;
  const isOurs = bytes?.length === CODEC.length + KEY_BYTES && bytes[0] === CODEC[0] && bytes[1] === CODEC[1];
  if (bytes === undefined || !isOurs) return undefined;
  const key = Buffer.concat([SPKI_PREFIX, bytes.subarray(CODEC.length)]);
  return createPublicKey({ key, format: 'der', type: 'spki' });
}

function base58(bytes: Uint8Array): string {
  let number = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (; number > 0n; number /= 58n) text = `${ALPHABET[Number(number % 58n)]}${text}`;
  return text;
}

function bytesOfBase58(text: string): Buffer | undefined {
  let number = 0n;
  for (const digit of text) {
    const value = ALPHABET.indexOf(digit);
    if (value < 0) return undefined;
    number = number * 58n + BigInt(value);
  }
  const hex = number.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}
