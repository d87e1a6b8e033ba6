import { SeededRandom } from '@daggerml/testkit';
import { describe, expect, it, vi } from 'vitest';
import { checkInput, fuzz, seedInputs } from './fuzz.ts';
import { hexOfBytes } from './vector-case.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

const SEED = 20_261_120;
const inputs = seedInputs();

describe('decoding arbitrary bytes', () => {
  it('throws only its own error, over 100,000 mutated inputs [DML-OBJ-0227]', () => {
    const report = fuzz(inputs, 100_000, SEED);
    expect(report.inputCount).toBe(100_000);
    expect(report.acceptedCount).toBeGreaterThan(5_000);
    expect(report.refusals.size).toBeGreaterThan(45);
  });

  it('encodes what it accepts to the same bytes [DML-OBJ-0202]', () => {
    const report = fuzz(inputs, 5_000, SEED + 1);
    expect(report.acceptedCount).toBeGreaterThan(200);
  });

  it('agrees with general readers about what it accepts [DML-OBJ-2403]', () => {
    const accepted = inputs.filter((input) => checkInput(input) === undefined);
    expect(accepted.length).toBeGreaterThan(200);
  });

  it('throws only its own error for noise behind a good header [DML-OBJ-0227]', () => {
    const random = new SeededRandom(SEED);
    for (let number = 0; number < 20_000; number++) {
      const length = random.below(60);
      const input = Uint8Array.from({ length: length + 3 }, () => random.below(256));
      input.set([0x83 + random.below(10), 1, 1 + random.below(11)]);
      expect(() => checkInput(input), hexOfBytes(input)).not.toThrow();
    }
  });

  it('never allocates what a head only announces [DML-OBJ-0215]', () => {
    const heads = ['9affffffff', '9b001fffffffffffff', '5affffffff', '7affffffff', '9a00100000'];
    for (const head of heads) {
      for (const place of ['84010208', '84010205', '84010206', '85010b0100', '85010302f6']) {
        const hex = place + head;
        const bytes = Uint8Array.from({ length: hex.length / 2 }, (_, at) =>
          Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16),
        );
        const before = process.memoryUsage().arrayBuffers;
        expect(checkInput(bytes), hex).toMatch(/^(?:truncated|count_exceeds_bytes)$/);
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000);
      }
    }
  });
});
