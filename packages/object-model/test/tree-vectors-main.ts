/** Writes the golden vectors of search trees and blobs. Published cases must not change. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blobVectors, treeVectors } from './generate/tree-vectors.ts';
import { runTreeCase, type TreeCase } from './tree-case.ts';

const folder = process.argv[2] ?? join(process.cwd(), '../../vectors');

function write(area: string, group: string, cases: readonly TreeCase[]): number {
  for (const each of cases) {
    const problem = runTreeCase(JSON.parse(JSON.stringify(each)) as TreeCase);
    if (problem !== undefined) throw new Error(`${area}: ${each.name}: ${problem}`);
  }
  mkdirSync(join(folder, area), { recursive: true });
  const lines = cases.map((each) => JSON.stringify(each)).join(',\n');
  writeFileSync(
    join(folder, area, `${group}.json`),
    `{"area":${JSON.stringify(area)},"cases":[\n${lines}\n]}\n`,
  );
  return cases.length;
}

let count = 0;
for (const [area, cases] of [
  ['search-tree', treeVectors()],
  ['blob', blobVectors()],
] as const) {
  count += write(
    area,
    'accepted',
    cases.filter((each) => each.error === undefined),
  );
  count += write(
    area,
    'refused',
    cases.filter((each) => each.error !== undefined),
  );
}
process.stdout.write(`${count} vectors in ${folder}\n`);
