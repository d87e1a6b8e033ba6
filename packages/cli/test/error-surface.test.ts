import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_TABLE } from '../src/wording/error-table.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Where a package lists its codes, and where its document does. */
interface Surface {
  readonly package: string;
  readonly file: string;
  readonly document: string;
}

function wordsIn(text: string, form: RegExp): string[] {
  return [...text.matchAll(form)].map((match) => match[1] as string);
}

/** The members of the one exported union of codes in a file. */
function codesOfUnion({ package: name, file }: Surface): string[] {
  const text = readFileSync(join(ROOT, 'packages', name, 'src', file), 'utf8');
  const union = /^(?:export type \w+ErrorCode|type OwnCode) =\n?([^A-Z]*?);$/ms.exec(text)?.[1] ?? '';
  return wordsIn(union, /'(\w+)'/g);
}

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

/** Which of the codes stand as text in the code of a package, other than to be compared with or listed. */
function codesRaised({ package: name, file }: Surface, codes: readonly string[]): string[] {
  const folder = join(ROOT, 'packages', name, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (each) =>
      each.endsWith('.ts') &&
      each !== file &&
      !/\.(?:test|child)\.ts$|^wording\/(?:command-line|records|repository|store|work)\.ts$/.test(each),
  );
  const raised = new Set(
    files.flatMap((each) => wordsIn(readFileSync(join(folder, each), 'utf8'), /(?<![=!]== )'(\w+)'/g)),
  );
  return codes.filter((code) => raised.has(code));
}

function expectOneSet(surface: Surface): void {
  const union = codesOfUnion(surface).sort();
  expect(union.length).toBeGreaterThan(2);
  expect(codesOfDocument(surface).sort()).toEqual(union);
  expect(codesRaised(surface, union)).toEqual(union);
  for (const code of union) expect(Object.keys(ERROR_TABLE)).toContain(code);
}

const CLI: Surface = { package: 'cli', file: 'wording/cli-error.ts', document: '50-cli.md' };

describe('the codes of the type, of the document and of the code that raises them are the same', () => {
  it('in the store [DML-STO-1301]', () => {
    expectOneSet({ package: 'store', file: 'errors.ts', document: '20-store.md' });
  });

  it('in values [DML-VAL-0701]', () => {
    expectOneSet({ package: 'values', file: 'errors.ts', document: '15-values.md' });
  });

  it('in the repository [DML-REP-0201]', () => {
    expectOneSet({ package: 'repository', file: 'errors.ts', document: '25-repository.md' });
  });

  it('in capture [DML-CAP-0201]', () => {
    expectOneSet({ package: 'capture', file: 'errors.ts', document: '35-capture.md' });
  });

  it('in execution [DML-EXE-2101]', () => {
    expectOneSet({ package: 'execution', file: 'errors.ts', document: '30-execution.md' });
  });

  it('in the bindings [DML-BND-1405]', () => {
    expectOneSet({ package: 'bindings', file: 'errors.ts', document: '60-bindings.md' });
  });

  it('in the command line, whose document also has their exit codes [DML-CLI-1301]', () => {
    expectOneSet(CLI);
    for (const [, codes = '', exits = ''] of rowsOfDocument(CLI))
      for (const code of wordsIn(codes, /`(\w+)`/g))
        expect(exits.split(', '), code).toContain(`${ERROR_TABLE[code as keyof typeof ERROR_TABLE].exit}`);
  });
});
