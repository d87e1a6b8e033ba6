import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_TABLE } from '../src/wording/error-table.ts';
import type { ErrorAdvice, ErrorWording } from '../src/wording/wording.ts';

/** One place in the sources that raises an error. */
export interface RaisedError {
  readonly file: string;
  /** The codes it can have; empty when the code is computed. */
  readonly codes: readonly string[];
  /** Names of the fields it has; undefined when they are not written out there. */
  readonly fields: readonly string[] | undefined;
}

const PACKAGES = join(import.meta.dirname, '../..');
const RAISES =
  /\b(?:storeError|valuesError|repositoryError|captureError|executionError|bindingsError|cliError|new DmlError(?:<\w+>)?)\(/g;
/** Calls by which the process around a command raises its own errors. */
const RAISES_IN_PROCESS = /\b(?:fail|reportFailure)\(/g;

/** Lists the union of codes that a package's error file declares. */
export function declaredCodes(path: string, type: string): string[] {
  const text = readFileSync(join(PACKAGES, path), 'utf8');
  const [, union = ''] = new RegExp(`type ${type} =([^;]*);`).exec(text) ?? [];
  return [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code ?? '');
}

/** Lists the words of a package's codes and details, as its error file has them. */
function wordsIn(name: string): (readonly [string, string])[] {
  const text = readFileSync(join(PACKAGES, name, 'src/errors.ts'), 'utf8');
  const [, table = ''] = /^const MESSAGES[^=]*= \{\n(.*?)^\};$/ms.exec(text) ?? [];
  const rows = table.matchAll(/^ {2}'?([\w/]+)'?:\s*'((?:[^'\\]|\\.)*)',$/gm);
  return [...rows].map(([, code = '', words = '']) => [code, words]);
}

/** Words of every code and detail of the packages below. */
export const declaredWords: readonly (readonly [string, string])[] = [
  'values',
  'store',
  'repository',
  'capture',
  'execution',
  'bindings',
].flatMap(wordsIn);

/** Lists the words of a code and of its details, as its package has them. */
export function wordsOf(code: string): string[] {
  return declaredWords.flatMap(([key, text]) => (key === code || key.startsWith(`${code}/`) ? [text] : []));
}

/** Lists all that the command line can print about a code: its words, hints and those of its details. */
export function templatesOf(code: string): string[] {
  const wording = (ERROR_TABLE as Readonly<Record<string, ErrorAdvice | ErrorWording>>)[code];
  const ofDetails = Object.values(wording?.details ?? {}).flatMap(
    (detail: string | { readonly message: string; readonly hint: string }) =>
      typeof detail === 'string' ? [detail] : [detail.message, detail.hint],
  );
  const words = wording && 'message' in wording ? [wording.message] : wordsOf(code);
  return [...words, wording?.hint ?? '', ...ofDetails];
}

/** Finds every place in the sources that raises an error by a code that is written out. */
export function raisedErrors(): RaisedError[] {
  return ['values', 'store', 'repository', 'capture', 'execution', 'bindings', 'cli'].flatMap((name) => {
    const folder = join(PACKAGES, name, 'src');
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !/\.(test|child)\.ts$|(^|\/)(cli-)?errors?\.ts$/.test(path))
      .flatMap((path) => raisedIn(join(folder, path)));
  });
}

function raisedIn(file: string): RaisedError[] {
  const text = readFileSync(file, 'utf8');
  const pattern = file.endsWith('cli/src/process/program-process.ts') ? RAISES_IN_PROCESS : RAISES;
  return [...text.matchAll(pattern)].map((match) => {
    const [first = '', second = ''] = splitTop(inside(text, match.index + match[0].length));
    if (first.startsWith('{')) return raisedWhole(file, first);
    const codes = [...first.matchAll(/'(\w+)'/g)].map(([, code]) => code ?? '');
    return {
      file,
      codes,
      fields: /^\s*(\w|\{ \.\.\.\w+ \}$)/.test(second) ? undefined : keysOf(second),
    };
  });
}

/** Returns an error whose code and fields are in one object. */
function raisedWhole(file: string, object: string): RaisedError {
  const code = /\bcode: '(\w+)'/.exec(object)?.[1];
  const at = object.search(/\bfields: \{/);
  return {
    file,
    codes: code === undefined ? [] : [code],
    fields: at < 0 ? undefined : keysOf(object.slice(at)),
  };
}

/** Returns the text up to the closing bracket around `start`. */
function inside(text: string, start: number): string {
  let depth = 1;
  let end = start;
  for (; end < text.length && depth > 0; end += 1) {
    const character = text[end] ?? '';
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
  }
  return text.slice(start, end - 1);
}

/** Splits at the commas that stand in no bracket. */
function splitTop(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts.push((parts.pop() ?? '') + character);
  }
  return parts;
}

function keysOf(object: string): string[] {
  if (!object.includes('{')) return [];
  const body = inside(object, object.indexOf('{') + 1);
  return splitTop(body).flatMap((part) => {
    const optional = /^\.\.\.\(.*&& \{ (\w+)/s.exec(part.trim());
    return (optional ? optional[1] : /^(\w+)\s*(?::|$)/.exec(part.trim())?.[1]) ?? [];
  });
}
