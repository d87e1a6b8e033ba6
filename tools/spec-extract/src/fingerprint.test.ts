import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { fingerprint } from './fingerprint.ts';
import { parseSpecDocument } from './spec-document.ts';

it('is the first 16 digits of the SHA-256 of the text [DML-TRC-0112]', () => {
  const full = createHash('sha256').update('Names MUST be in Unicode “NFC”.', 'utf8').digest('hex');
  expect(fingerprint('Names MUST be in Unicode “NFC”.')).toBe(full.slice(0, 16));
});

it('ignores id, marks, wrapping and indentation, and nothing else [DML-TRC-0112]', () => {
  const of = (item: string): string | undefined =>
    parseSpecDocument({ path: 'specs/10-object-model.md', text: `# A\n\n${item}\n` }).requirements[0]
      ?.fingerprint;
  const plain = of('- [DML-OBJ-0001] Names MUST be sorted.');
  expect(plain).toBe(fingerprint('Names MUST be sorted.'));
  expect(of('* [DML-OBJ-0002] {planned} Names  MUST\n  be\tsorted.')).toBe(plain);
  expect(of('- [DML-OBJ-0001] Names MUST be `sorted`.')).not.toBe(plain);
  expect(of('- [DML-OBJ-0001] Names must be sorted.')).not.toBe(plain);
  expect(of('- [DML-OBJ-0001] Names MUST be sorted.\n  - Also nested names.')).not.toBe(plain);
});
