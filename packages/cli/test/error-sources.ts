import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HINTS } from '../src/wording/hints.ts';

/** A package, the file in which it lists its codes, and the document that does. */
export interface Surface {
  readonly package: string;
  readonly file: string;
  readonly document: string;
}

/** Every package that has codes of its own but the object model, which takes those of records. */
export const SURFACES: readonly Surface[] = [
  { package: 'values', file: 'errors.ts', document: '15-values.md' },
  { package: 'store', file: 'errors.ts', document: '20-store.md' },
  { package: 'repository', file: 'errors.ts', document: '25-repository.md' },
  { package: 'capture', file: 'errors.ts', document: '35-capture.md' },
  { package: 'remotes', file: 'errors.ts', document: '40-remotes.md' },
  { package: 'execution', file: 'errors.ts', document: '30-execution.md' },
  { package: 'bindings', file: 'errors.ts', document: '60-bindings.md' },
  { package: 'cli', file: 'wording/cli-error.ts', document: '50-cli.md' },
];

const PACKAGES = join(import.meta.dirname, '../..');
/** Characters on either side of a code in which the fields of its error stand. */
const SITE_LENGTH = 400;

/** Returns what a form finds in a text, by its first group. */
export function wordsIn(text: string, form: RegExp): string[] {
  return [...text.matchAll(form)].map((match) => match[1] as string);
}

/** Lists the members of the one exported union of codes of a package. */
export function codesOfUnion({ package: name, file }: Surface): string[] {
  const text = readFileSync(join(PACKAGES, name, 'src', file), 'utf8');
  const union = /^(?:export type \w+ErrorCode|type OwnCode) =\n?([^A-Z]*?);$/ms.exec(text)?.[1] ?? '';
  return wordsIn(union, /'(\w+)'/g);
}

/** Words of every code and detail of the packages, as their error files have them. */
export const declaredWords: readonly (readonly [string, string])[] = SURFACES.flatMap(
  ({ package: name, file }) => {
    const text = readFileSync(join(PACKAGES, name, 'src', file), 'utf8');
    const [, table = ''] = /^const MESSAGES[^=]*= \{\n(.*?)^\};$/ms.exec(text) ?? [];
    const rows = table.matchAll(/^ {2}'?([\w/]+)'?:\s*'?((?:[^'\\]|\\.)*?)'?,$/gm);
    return [...rows].map(([, code = '', words = '']) => [code, words] as const);
  },
);

/** Returns what a table has of a code and of its details. */
function ofCode(rows: readonly (readonly [string, string])[], code: string): string[] {
  return rows.flatMap(([key, text]) => (key === code || key.startsWith(`${code}/`) ? [text] : []));
}

/** Lists the words of a code and of its details, as its package has them. */
export function wordsOf(code: string): string[] {
  return ofCode(declaredWords, code);
}

/** Lists the hints of a code and of its details. */
export function hintsOf(code: string): string[] {
  return ofCode(Object.entries(HINTS) as [string, string][], code);
}

/** Lists the sources of a package, by path below its folder of sources. */
export function sourcesOf(name: string): { readonly path: string; readonly text: string }[] {
  const folder = join(PACKAGES, name, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.(?:test|child)\.ts$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }));
}

const sources = SURFACES.flatMap(({ package: name }) => sourcesOf(name)).filter(
  ({ path }) => !/(?:(?:^|\/)(?:cli-)?errors?|wording\/(?:exits|hints))\.ts$/.test(path),
);

/** Functions that build the errors of one code. */
const BUILDERS: Readonly<Record<string, string>> = { transfer_invalid: 'transferError' };

/** Lists the text around each place in the sources that names a code, or what builds its errors. */
export function sitesOf(code: string): string[] {
  const site = new RegExp(`'${code}'|\\b${BUILDERS[code] ?? "'"}\\(`, 'g');
  return sources.flatMap(({ text }) =>
    [...text.matchAll(site)].map(({ index }) =>
      text.slice(Math.max(0, index - SITE_LENGTH), index + SITE_LENGTH),
    ),
  );
}
