import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Node } from 'oxc-parser';
import { BUNDLE_FOLDER } from '../bundle-place.ts';
import { type Outline, outlineOf } from '../by-name/outline.ts';
import { positionIn } from '../by-name/own-modules.ts';
import type { Reference } from '../by-name/scopes.ts';
import { forEachChild } from '../by-name/syntax-tree.ts';
import { captureError } from '../errors.ts';
import type { Bundled } from './bundler.ts';

/** Additions that make CommonJS code of a bundle behave as in Node, where it may be sloppy. */
export class SloppyCode {
  readonly #known = new Map<string, { readonly text: string; readonly names: readonly string[] }>();

  /**
   * Returns the names that CommonJS code of a bundle assigns without declaring them, sorted. Throws `capture_failed`
   * for code whose `this` would be another one.
   */
  undeclared({ sizes }: Bundled, own: ReadonlySet<string>): readonly string[] {
    const names = new Set<string>();
    for (const file of sizes.keys()) for (const name of this.#namesIn(file, own.has(file))) names.add(name);
    return [...names].sort();
  }

  #namesIn(file: string, isOwn: boolean): readonly string[] {
    if (!/\.c?js$/.test(file) || !existsSync(file)) return [];
    const text = readFileSync(file, 'utf8');
    const known = this.#known.get(file);
    if (known?.text === text) return known.names;
    const names = isSloppy(text) ? sloppyNames(outlineOf(file, text), isOwn) : [];
    this.#known.set(file, { text, names });
    return names;
  }
}

/** Checks whether a file may be CommonJS that does not ask for strict mode, without reading its code. */
function isSloppy(text: string): boolean {
  if (/^\s*(?:import|export)\b/m.test(text)) return false;
  return !/^(?:\s|\/\/.*$|\/\*[\s\S]*?\*\/|#!.*$)*['"]use strict['"]/m.test(text.slice(0, 10_000));
}

function sloppyNames(outline: Outline, isOwn: boolean): readonly string[] {
  const { body } = outline.program;
  if (body.some(({ type }) => /^(Import|Export)/.test(type))) return [];
  const other = otherThis(outline.program, isOwn);
  // @spec DML-CAP-0018
  if (other)
    throw captureError('capture_failed', {
      ...positionIn(outline, other.start),
      reason: `this means the global object here, which a captured function does not see; ${isOwn ? "write 'use strict' at the top of the file" : 'use another library, or another version of it'}`,
    });
  // @spec DML-CAP-0011
  const names: string[] = [];
  for (const [name, references] of outline.scopes.free)
    if (references.some(isAssigned) && !(name in globalThis) && !PLACES.has(name)) names.push(name);
  return names;
}

const PLACES = new Set(['module', 'exports', 'require', '__dirname', '__filename']);

function isAssigned({ node, parent, grandparent }: Reference): boolean {
  switch (parent.type) {
    case 'AssignmentExpression':
    case 'AssignmentPattern':
    case 'ForInStatement':
    case 'ForOfStatement':
      return parent.left === (node as Node);
    case 'Property':
      return grandparent?.type === 'ObjectPattern' && parent.value === (node as Node);
    case 'UpdateExpression':
    case 'ArrayPattern':
    case 'RestElement':
      return true;
    default:
      return false;
  }
}

/**
 * Returns the first `this` that is the global object in sloppy code: in a function that is called where it is
 * written, and in code of the author in any function that is no method.
 */
function otherThis(root: Node, isOwn: boolean): Node | undefined {
  let found: Node | undefined;
  const visit = (node: Node, parent: Node | undefined, isGlobal: boolean): void => {
    if (found) return;
    let inside = isGlobal;
    if (node.type === 'FunctionDeclaration') inside = isOwn;
    else if (node.type === 'FunctionExpression') {
      const isCalled = parent?.type === 'CallExpression' && parent.callee === node;
      const isMethod = parent?.type === 'Property' || parent?.type === 'MethodDefinition';
      inside = isCalled || (isOwn && !isMethod);
      if ((node.body?.body ?? []).some((one) => 'directive' in one && one.directive === 'use strict'))
        inside = false;
    } else if (node.type === 'ClassBody') inside = false;
    else if (node.type === 'ThisExpression' && isGlobal) found = node;
    forEachChild(node, (child) => visit(child, node, inside));
  };
  visit(root, undefined, false);
  return found;
}

/**
 * Refuses libraries that read files beside themselves, which are not part of a bundle. Throws `capture_failed` with
 * file and line.
 *
 * @spec DML-CAP-0012
 */
export function refuseOwnFiles({ text, sizes }: Bundled, own: ReadonlySet<string>): void {
  if (!text.includes(BUNDLE_FOLDER)) return;
  for (const file of sizes.keys()) {
    if (own.has(file) || !existsSync(file)) continue;
    const source = readFileSync(file, 'utf8');
    for (const pattern of FILES_BESIDE) {
      for (const match of source.matchAll(pattern)) {
        const [, name = ''] = match;
        const path = resolve(dirname(file), name);
        if (!text.includes(name) || !statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
        throw captureError('capture_failed', {
          file,
          line: source.slice(0, match.index).split('\n').length,
          reason: `this library reads "${name}" from its own folder, which is not part of a captured function; read that file in the pipeline (dag.file) and give it as an input`,
        });
      }
    }
  }
}

const FILES_BESIDE = [
  /new URL\(\s*["'`]([^"'`]+)["'`]\s*,\s*import\.meta\.url\s*\)/g,
  /\b(?:join|resolve)\(\s*__dirname\s*,\s*["'`]([^"'`]+)["'`]/g,
  /__dirname\s*\+\s*["'`]\/?([^"'`]+)["'`]/g,
];
