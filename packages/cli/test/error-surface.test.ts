import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXITS } from '../src/wording/exits.ts';
import { codesOfUnion, SURFACES, type Surface, sourcesOf, wordsIn } from './error-sources.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** The rows of the first table of the section about errors: cells by column. */
function rowsOfDocument({ document }: Surface): string[][] {
  const text = readFileSync(join(ROOT, 'specs', document), 'utf8');
  const section = /^## [\d. ]*Error surface\n(.*?)^## /ms.exec(text)?.[1] ?? '';
  const table = /^\| code .*?(?=\n\n)/ms.exec(section)?.[0] ?? '';
  return table
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
}

function codesOfDocument(surface: Surface): string[] {
  return rowsOfDocument(surface).flatMap((cells) => wordsIn(cells[1] as string, /`(\w+)`/g));
}

/** Lists the codes that stand as text in the code of a package, other than to be compared with or listed. */
function codesRaised({ package: name, file }: Surface, codes: readonly string[]): string[] {
  const tables = /^wording\/(?:exits|hints)\.ts$/;
  const sources = sourcesOf(name).filter(({ path }) => path !== file && !tables.test(path));
  const raised = new Set(sources.flatMap(({ text }) => wordsIn(text, /(?<![=!]== )'(\w+)'/g)));
  return codes.filter((code) => raised.has(code));
}

function expectOneSet(surface: Surface): void {
  const union = codesOfUnion(surface).sort();
  expect(union.length).toBeGreaterThan(2);
  expect(codesOfDocument(surface).sort()).toEqual(union);
  expect(codesRaised(surface, union)).toEqual(union);
  for (const code of union) expect(Object.keys(EXITS)).toContain(code);
}

function surfaceOf(name: string): Surface {
  return SURFACES.find((surface) => surface.package === name) as Surface;
}

describe('the codes of the type, of the document and of the code that raises them are the same', () => {
  it.each([
    ['values', 'DML-VAL-0701'],
    ['store', 'DML-STO-1301'],
    ['repository', 'DML-REP-0201'],
    ['capture', 'DML-CAP-0201'],
    ['execution', 'DML-EXE-2101'],
    ['bindings', 'DML-BND-1405'],
  ])('in %s [%s]', (name) => expectOneSet(surfaceOf(name)));

  it('in the command line, whose document also has their exit codes [DML-CLI-1301]', () => {
    const cli = surfaceOf('cli');
    expectOneSet(cli);
    for (const [, codes = '', exits = ''] of rowsOfDocument(cli))
      for (const code of wordsIn(codes, /`(\w+)`/g))
        expect(exits.split(', '), code).toContain(`${EXITS[code as keyof typeof EXITS]}`);
  });
});
