import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const specs = join(import.meta.dirname, '../specs');

function idsIn(folder, isWanted, pattern) {
  const texts = readdirSync(folder)
    .filter(isWanted)
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  return [...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([, id]) => id)))].sort();
}

it('judge every measured requirement, and no other', () => {
  const measured = idsIn(specs, (name) => name.endsWith('.md'), /^- \[(DML-[A-Z]+-\d{4})\] \{measured\}/gm);
  const judged = idsIn(import.meta.dirname, (name) => name.endsWith('.bench.mjs'), /'(DML-[A-Z]+-\d{4})'/g);
  expect(judged).toEqual(measured);
});
