import { isBuiltin } from 'node:module';
import type { Node } from 'oxc-parser';
import type { Outline } from './outline.ts';
import type { Reference } from './scopes.ts';
import { forEachChild } from './syntax-tree.ts';

/** A use of a global, of a built-in module or of `import.meta`; `path` begins with its name. */
export interface OutsideUse {
  readonly path: string;
  /** The built-in module, without `node:`; undefined for a global. */
  readonly module: string | undefined;
  readonly isCalled: boolean;
  /** True when it is only asked whether it is there. */
  readonly isTypeof?: boolean;
  /** True when it is called without arguments. */
  readonly isBare: boolean;
  readonly offset: number;
}

const known = new WeakMap<Outline, readonly OutsideUse[]>();

/** Lists every use of a global, of a name of a built-in module and of `import.meta`. */
export function outsideUses(outline: Outline): readonly OutsideUse[] {
  let uses = known.get(outline);
  if (!uses) {
    uses = [...globals(outline), ...imported(outline), ...loaded(outline), ...metaProperties(outline)];
    known.set(outline, uses);
  }
  return uses;
}

function* globals({ scopes }: Outline): Generator<OutsideUse> {
  for (const [name, references] of scopes.free) {
    for (const reference of references) {
      const isTypeof = reference.parent.type === 'UnaryExpression' && reference.parent.operator === 'typeof';
      for (const { members, ...use } of usesOf(reference)) {
        const path = name === 'globalThis' || name === 'global' ? members : [name, ...members];
        if (path.length > 0) yield { ...use, path: path.join('.'), module: undefined, isTypeof };
      }
    }
  }
}

function* imported({ imports }: Outline): Generator<OutsideUse> {
  for (const [{ references }, { source, imported: name }] of imports) {
    const module = builtinName(source.specifier);
    if (module === undefined) continue;
    const own = name === 'default' || name === '*' ? [] : [name];
    for (const reference of references) {
      for (const { members, ...use } of usesOf(reference)) {
        const path = [...own, ...(members[0] === 'default' ? members.slice(1) : members)];
        yield { ...use, path: path.join('.'), module };
      }
    }
  }
}

function* loaded({ items }: Outline): Generator<OutsideUse> {
  for (const { loads } of items) {
    for (const { specifier, start } of loads) {
      const module = specifier === undefined ? undefined : builtinName(specifier);
      if (module !== undefined) yield { path: '', module, isCalled: false, isBare: false, offset: start };
    }
  }
}

function metaProperties({ program }: Outline): readonly OutsideUse[] {
  const found: OutsideUse[] = [];
  const visit = (node: Node, parent: Node | undefined): void => {
    if (node.type === 'MetaProperty' && node.meta.name === 'import') {
      const reference = { node, parent: parent ?? node, grandparent: undefined };
      for (const { members, ...use } of usesOf(reference))
        found.push({ ...use, path: ['import.meta', ...members].join('.'), module: undefined });
    }
    forEachChild(node, (child) => visit(child, node));
  };
  visit(program, undefined);
  return found;
}

export function builtinName(specifier: string): string | undefined {
  return specifier.startsWith('node:') || isBuiltin(specifier) ? specifier.replace(/^node:/, '') : undefined;
}

interface MemberUse extends Pick<OutsideUse, 'isBare' | 'isCalled' | 'offset'> {
  readonly members: readonly string[];
}

/** Returns what is read of a name: one thing, or several where it is taken apart. */
function usesOf({
  node,
  parent,
  grandparent,
}: Pick<Reference, 'parent' | 'grandparent'> & { readonly node: Node }): readonly MemberUse[] {
  const use = { members: [], isBare: false, isCalled: false, offset: node.start };
  if (parent.type === 'VariableDeclarator' && parent.init === node && parent.id.type === 'ObjectPattern') {
    return parent.id.properties.map((property) => {
      const key = property.type === 'Property' && !property.computed ? property.key : undefined;
      const name =
        key?.type === 'Identifier' ? key.name : key?.type === 'Literal' ? String(key.value) : undefined;
      return { ...use, members: name === undefined ? [] : [name] };
    });
  }
  const members: string[] = [];
  let top: Node = node;
  let around: Node | undefined = parent;
  for (const outer of [parent, grandparent]) {
    if (outer?.type !== 'MemberExpression' || outer.object !== top) break;
    const { property } = outer;
    if (property.type === 'Identifier' && !outer.computed) members.push(property.name);
    else if (property.type === 'Literal') members.push(String(property.value));
    else break;
    top = outer;
    around = outer === parent ? grandparent : undefined;
  }
  const isCalled =
    (around?.type === 'CallExpression' || around?.type === 'NewExpression') && around.callee === top;
  const isBare = isCalled && (around as { arguments: readonly Node[] }).arguments.length === 0;
  return [{ members, isBare, isCalled, offset: node.start }];
}
