import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Node } from 'oxc-parser';
import { loadAt } from '../by-name/loads.ts';
import type { Outline } from '../by-name/outline.ts';
import { builtinName } from '../by-name/outside-uses.ts';
import { forEachChild } from '../by-name/syntax-tree.ts';

/** A place at which a library may read a file that lies next to its code. */
export interface OwnRead {
  readonly start: number;
  /** The text that names the file. */
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
}

const MENTION = /\b__(?:dir|file)name\b|\bimport\.meta\b|\brequire\.resolve\b/;
/** Texts that may be a path; others are not looked for. */
const PATH = /^[\w@ ./-]*\w[\w@ ./-]*$/;

/** Checks whether code may ask for its place, without reading it. */
export function mayAskForPlace(text: string): boolean {
  return MENTION.test(text);
}

/** Lists the texts of a library's code that may name files from the folder of the code. */
export function ownReads({ file, program, scopes }: Outline): readonly OwnRead[] {
  const found: OwnRead[] = [];
  const folder = dirname(file);
  const visit = (node: Node, isGuarded: boolean): void => {
    // What the bundler loads is part of the bundle.
    if (loadAt(node, scopes)) return;
    const { start } = node;
    const parts = textsOf(node).filter((text) => PATH.test(text));
    const name = parts.at(-1);
    if (name !== undefined) found.push({ start, name, path: join(folder, ...parts) });
    const loaded = isGuarded ? undefined : loadedByRequire(node);
    const path = loaded === undefined ? undefined : resolved(file, loaded);
    if (loaded !== undefined && path !== undefined) found.push({ start, name: loaded, path });
    forEachChild(node, (child) => visit(child, isGuarded || node.type === 'TryStatement'));
  };
  visit(program, false);
  return found.filter(({ path }) => path !== file);
}

/** Returns the texts that a path may be put together of. */
function textsOf(node: Node): readonly string[] {
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? [node.value] : [];
    case 'TemplateLiteral':
      return [node.quasis.map(({ value }) => value.cooked ?? '').join('')];
    case 'CallExpression':
    case 'NewExpression':
      return node.arguments.length < 2 ? [] : node.arguments.flatMap(textsOf);
    default:
      return [];
  }
}

/** Returns the module that a function made by `createRequire` is asked for. */
function loadedByRequire(node: Node): string | undefined {
  if (node.type !== 'CallExpression') return undefined;
  const { callee, arguments: given } = node;
  const made = callee.type === 'CallExpression' ? callee.callee : callee;
  const isRequire = made.type === 'Identifier' && /^(createR|r)equire$/.test(made.name);
  const [name] = isRequire && given[0] ? textsOf(given[0]) : [];
  return name === undefined || builtinName(name) !== undefined ? undefined : name;
}

function resolved(file: string, name: string): string | undefined {
  try {
    return createRequire(file).resolve(name);
  } catch {
    return undefined;
  }
}

/** Checks whether there is a file to read. */
export function isThere({ path }: OwnRead): boolean {
  return existsSync(path) && statSync(path).isFile();
}
