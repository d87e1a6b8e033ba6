import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { HINTS } from '../src/wording/hints.ts';

/** A package, the file in which it lists its codes, and the document that does. */
export interface Surface {
  readonly package: string;
  readonly file: string;
  readonly document: string;
}

/** One place in the sources that raises an error. */
interface RaisedError {
  /** The codes it can have; empty when the code is computed. */
  readonly codes: readonly string[];
  /** Names of the fields it has; undefined when they are not written out there. */
  readonly fields: readonly string[] | undefined;
}

/** Every package that has codes of its own but the object model, which takes those of records. */
export const SURFACES: readonly Surface[] = [
  { package: 'values', file: 'errors.ts', document: '15-values.md' },
  { package: 'store', file: 'errors.ts', document: '20-store.md' },
  { package: 'repository', file: 'errors.ts', document: '25-repository.md' },
  { package: 'capture', file: 'errors.ts', document: '35-capture.md' },
  { package: 'execution', file: 'errors.ts', document: '30-execution.md' },
  { package: 'bindings', file: 'errors.ts', document: '60-bindings.md' },
  { package: 'cli', file: 'wording/cli-error.ts', document: '50-cli.md' },
];

const PACKAGES = join(import.meta.dirname, '../..');
const RAISERS = new Set(['DmlError', 'cliError', ...SURFACES.map((surface) => `${surface.package}Error`)]);
/** Functions by which the process around a command raises its own errors. */
const RAISERS_IN_PROCESS = new Set(['fail', 'reportFailure']);

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
  return ofCode(Object.entries(HINTS), code);
}

/** Lists the sources of a package, by path below its folder of sources. */
export function sourcesOf(name: string): { readonly path: string; readonly text: string }[] {
  const folder = join(PACKAGES, name, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.(?:test|child)\.ts$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }));
}

/** Finds every place in the sources that raises an error. */
export function raisedErrors(): RaisedError[] {
  return SURFACES.flatMap(({ package: name }) =>
    sourcesOf(name)
      .filter(({ path }) => !/(^|\/)(cli-)?errors?\.ts$/.test(path))
      .flatMap(({ path, text }) => raisedIn(path, text)),
  );
}

function raisedIn(path: string, text: string): RaisedError[] {
  const raisers = path.endsWith('process/program-process.ts') ? RAISERS_IN_PROCESS : RAISERS;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const found: RaisedError[] = [];
  const visit = (node: ts.Node): void => {
    const callee = ts.isCallExpression(node) || ts.isNewExpression(node) ? node.expression : undefined;
    if (callee !== undefined && ts.isIdentifier(callee) && raisers.has(callee.text))
      found.push(errorOf((node as ts.CallExpression).arguments));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Returns the error that a call raises by a code and fields, or by an object with both. */
function errorOf([first, second]: readonly ts.Expression[]): RaisedError {
  if (first === undefined || !ts.isObjectLiteralExpression(first))
    return { codes: textsIn(first), fields: second === undefined ? [] : keysOf(second) };
  const member = (name: string): ts.Expression | undefined =>
    first.properties
      .filter(ts.isPropertyAssignment)
      .find((each) => ts.isIdentifier(each.name) && each.name.text === name)?.initializer;
  const fields = member('fields');
  return { codes: textsIn(member('code')), fields: fields && keysOf(fields) };
}

function textsIn(node: ts.Node | undefined): string[] {
  if (node === undefined) return [];
  if (ts.isStringLiteral(node)) return [node.text];
  const texts: string[] = [];
  ts.forEachChild(node, (child) => void texts.push(...textsIn(child)));
  return texts;
}

/** Returns the keys of an object, those included that it has at times; undefined where others may come along. */
function keysOf(object: ts.Expression): string[] | undefined {
  if (!ts.isObjectLiteralExpression(object)) return undefined;
  if (object.properties.length === 1 && object.properties.some(ts.isSpreadAssignment)) return undefined;
  return object.properties.flatMap((property) => {
    if (!ts.isSpreadAssignment(property))
      return property.name && ts.isIdentifier(property.name) ? [property.name.text] : [];
    const { expression } = property;
    const inner = ts.isParenthesizedExpression(expression) ? expression.expression : expression;
    return (ts.isBinaryExpression(inner) && keysOf(inner.right)) || [];
  });
}
