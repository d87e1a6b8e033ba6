/** Paths of files that the suite writes; numbers tell them apart. */
const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, '0');

/** Returns the path of a segment. */
export function segmentPath(number: number, epoch = 0): string {
  return `segments/${epoch}-${hex(number, 64)}-${hex(number, 32)}.car`;
}

/** Returns the path of a state. */
export function statePath(number: number): string {
  return `states/0-${number}-${hex(number, 64)}.json`;
}

/** Returns the path of a claim. */
export function claimPath(number: number): string {
  return `claims/${hex(number, 64)}.json`;
}

const uuid = (number: number): string => `00000000-0000-4000-8000-${hex(number, 12)}`;

/** Returns the path of the exec ref of a result. */
export function resultPath(number: number): string {
  return `results/${uuid(number)}.json`;
}

/** Returns the path of the exec ref of a job. */
export function execPath(number: number): string {
  return `exec/${uuid(number)}.json`;
}

/** Returns the path of a file of a check. */
export function checkPathOf(number: number, suffix: 'bin' | 'json'): string {
  return `check/${uuid(number)}.${suffix}`;
}

const HASH = hex(10, 64).replaceAll('0', 'a');
const NONCE = 'b'.repeat(32);

/** Paths of no file of a remote. */
export const FOREIGN_PATHS: readonly string[] = [
  '',
  '.',
  '..',
  '/',
  'notes.txt',
  'CURRENT',
  'current.json',
  'CURRENT.json/',
  'CURRENT.json\n',
  ' CURRENT.json',
  '../CURRENT.json',
  './CURRENT.json',
  '/CURRENT.json',
  'states',
  'states/',
  'states/..',
  'tmp/file',
  `${'../'.repeat(8)}etc/passwd`,
  `segments/../segments/0-${HASH}-${NONCE}.car`,
  `/segments/0-${HASH}-${NONCE}.car`,
  `segments//0-${HASH}-${NONCE}.car`,
  `segments\\0-${HASH}-${NONCE}.car`,
  `segments/0-${HASH}-${NONCE}.car/`,
  `segments/0-${HASH}-${NONCE}.car\n`,
  `segments/0-${HASH}-${NONCE}.car\0`,
  `segments/0-${HASH}-${NONCE}.index`,
  `segments/0-${HASH}-${NONCE}`,
  `segments/0-${HASH.toUpperCase()}-${NONCE}.car`,
  `segments/0-${HASH}-${NONCE.toUpperCase()}.car`,
  `segments/0-${HASH}-${NONCE}0.car`,
  `segments/0-${HASH}.car`,
  `segments/00-${HASH}-${NONCE}.car`,
  `segments/-1-${HASH}-${NONCE}.car`,
  `segments/${'1'.repeat(300)}-${HASH}-${NONCE}.car`,
  `Segments/0-${HASH}-${NONCE}.car`,
  `others/0-${HASH}-${NONCE}.car`,
  `states/0-${HASH}.json`,
  `claims/${HASH.toUpperCase()}.json`,
  `claims/${HASH}`,
  `claims/../${HASH}.json`,
  `exec/${HASH}.json`,
  'exec/00000000-0000-4000-8000-00000000000G.json',
  `claims/${'a'.repeat(5000)}.json`,
];

/** Prefixes of no files of a remote. */
export const FOREIGN_PREFIXES: readonly string[] = [
  '/',
  '..',
  '../',
  'states',
  'states/..',
  'states/../',
  'states//',
  'states\\',
  'States/',
  'states/A',
  'states/0\n',
  'others/',
  'tmp/',
  `states/${'0'.repeat(5000)}`,
];
