import type { SeededRandom } from '@daggerml/testkit';

/** Heads and lengths at which CBOR readers go wrong. */
const INTERESTING = [
  0x00, 0x01, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1f, 0x20, 0x38, 0x3b, 0x40, 0x58, 0x5f, 0x60, 0x78, 0x7f, 0x80,
  0x81, 0x82, 0x9b, 0x9f, 0xa0, 0xbf, 0xc0, 0xd8, 0x2a, 0xe0, 0xf4, 0xf6, 0xf7, 0xf9, 0xfa, 0xfb, 0xff,
];

/** Items that may stand where another one stood: scalars, texts, elements, the beginning of a link. */
const ITEMS: readonly Uint8Array[] = (
  'f6 f5 00 20 80 60 40 fb3ff0000000000000 fb8000000000000000 fb7ff8000000000000 636e616e 63efbbbf ' +
  '6365cc81 1b7fffffffffffffff 3b8000000000000000 820301 8101 d82a58250001711220'
)
  .split(' ')
  .map((hex) => Buffer.from(hex, 'hex'));

type Mutation = (bytes: number[], random: SeededRandom, other: Uint8Array) => void;

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => {
    const at = place(bytes, random);
    bytes[at] = bytes[at]! ^ (1 << random.below(8));
  },
  (bytes, random) => {
    bytes[place(bytes, random)] = random.below(256);
  },
  (bytes, random) => {
    bytes[place(bytes, random)] = random.pick(INTERESTING);
  },
  (bytes, random) => {
    const at = place(bytes, random);
    bytes[at] = (bytes[at]! + (random.below(2) === 0 ? 1 : 255)) & 255;
  },
  (bytes, random) => {
    bytes.splice(random.below(bytes.length + 1), 0, random.below(256));
  },
  (bytes, random) => {
    bytes.splice(place(bytes, random), 1 + random.below(4));
  },
  (bytes, random) => {
    bytes.length = random.below(bytes.length);
  },
  (bytes, random) => {
    const at = random.below(bytes.length);
    bytes.splice(place(bytes, random), 0, ...bytes.slice(at, at + 1 + random.below(48)));
  },
  (bytes, random, other) => {
    const at = random.below(other.length);
    bytes.splice(
      random.below(bytes.length),
      random.below(8),
      ...other.subarray(at, at + 1 + random.below(48)),
    );
  },
  (bytes, random) => {
    bytes.splice(place(bytes, random), random.below(3), ...random.pick(ITEMS));
  },
  (bytes, random) => {
    bytes.push(random.below(256));
  },
  (bytes, random) => {
    // A change of the last bytes mostly stays acceptable: it hits an id or a text.
    const at = Math.max(3, bytes.length - 1 - random.below(20));
    if (at < bytes.length) bytes[at] = random.below(128);
  },
];

/** Returns a place to change: mostly behind the header, whose every change is refused at once. */
function place(bytes: readonly number[], random: SeededRandom): number {
  const header = bytes.length > 3 && random.below(8) > 0 ? 3 : 0;
  return header + random.below(bytes.length - header);
}

/** Returns a changed copy of a seed input; half of them are changed in one place only. */
export function mutate(input: Uint8Array, random: SeededRandom, other: Uint8Array): Uint8Array {
  const bytes = [...input];
  for (let rounds = random.below(2) === 0 ? 1 : 1 + random.below(3); rounds > 0; rounds--) {
    if (bytes.length === 0) bytes.push(random.below(256));
    random.pick(MUTATIONS)(bytes, random, other);
  }
  return Uint8Array.from(bytes);
}
