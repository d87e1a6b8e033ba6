import { seededNumbers } from '@daggerml/testkit';
import { sha256Hex, utf8Bytes } from '../../src/index.ts';

/** Returns `sizeBytes` bytes of the digests of `<seed>/0`, `<seed>/1` and so on. */
export function digestStream(seed: string, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0, counter = 0; at < sizeBytes; counter++) {
    const digest = sha256Hex(utf8Bytes(`${seed}/${counter}`));
    for (let part = 0; part < 32 && at < sizeBytes; part++, at++) {
      bytes[at] = Number.parseInt(digest.slice(part * 2, part * 2 + 2), 16);
    }
  }
  return bytes;
}

/** Fills a range with random bytes. */
export function fillRandom(bytes: Uint8Array, start: number, end: number, seed: number): void {
  let state = seed | 1;
  for (let at = start; at < end; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
}

const MIB = 1 << 20;

/** Returns content as repositories have it: compressed-like, CSV, columns of floats, and zeros, a MiB of each in turn. */
export function mixedContent(sizeBytes: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const view = new DataView(bytes.buffer);
  const number = seededNumbers(seed);
  for (let start = 0; start < sizeBytes; start += MIB) {
    const end = Math.min(start + MIB, sizeBytes);
    const block = start / MIB;
    if (block % 4 === 1) fillCsv(bytes, start, end, number);
    else if (block % 4 === 2) {
      for (let at = start; at + 8 <= end; at += 8) view.setFloat64(at, number(1000) / 10, true);
    } else if (block % 16 !== 3) fillRandom(bytes, start, end, seed + block);
  }
  return bytes;
}

function fillCsv(bytes: Uint8Array, start: number, end: number, number: (below: number) => number): void {
  const labels = ['the', 'quick', 'NaN', 'true', '2024-01-01T00:00:00Z', ''];
  for (let at = start, row = start; at < end; row++) {
    const line = `${row},${number(1_000_000) / 1000},${labels[number(6)]},${number(1_000_000)}\n`;
    for (let unit = 0; unit < line.length && at < end; unit++, at++) bytes[at] = line.charCodeAt(unit);
  }
}
