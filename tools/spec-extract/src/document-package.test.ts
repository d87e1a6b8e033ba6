import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isOverview, isSpecDocument, packageOf } from './document-package.ts';

const SPECS = join(import.meta.dirname, '../../../specs');

it('a document has two digits and a name, and the overview is numbered 00', () => {
  const names = ['10-object-model.md', '00-overview.md', 'extra.md', '1-a.md', '10-A.md', 'a/10-b.md'];
  const paths = names.map((name) => `specs/${name}`);
  expect(paths.map(isSpecDocument)).toEqual([true, true, false, false, false, false]);
  expect(isSpecDocument('docs/10-a.md')).toBe(false);
  expect(paths.slice(0, 2).map(isOverview)).toEqual([false, true]);
});

it.each([
  ['its own name', '# A\n\nIn `packages/other`.\n', 'remote-store'],
  [
    'what its location names',
    '## 4. Implementation location\n\n`tools/a-b/src`, then `packages/c`.\n',
    'a-b',
  ],
  ['what a link names', '## Implementation location\n\n[`packages/c`](../packages/c)\n', 'c'],
  ['nothing of later sections', '## Implementation location\n\nHere.\n\n## 2\n\n`tools/a`\n', 'remote-store'],
])('the package of a document is %s [DML-TRC-0913]', (_, text, name) => {
  expect(packageOf({ path: 'specs/41-remote-store.md', text })).toBe(name);
});

it('every document of this repository belongs to a folder of its own that is there', () => {
  const names = readdirSync(SPECS).filter((name) => !isOverview(`specs/${name}`));
  const packages = names.map((name) =>
    packageOf({ path: `specs/${name}`, text: readFileSync(join(SPECS, name), 'utf8') }),
  );
  expect(new Set(packages).size).toBe(names.length);
  const folders = ['packages', 'tools'].flatMap((folder) => readdirSync(join(SPECS, '..', folder)));
  expect(packages.filter((name) => !folders.includes(name))).toEqual([]);
});
