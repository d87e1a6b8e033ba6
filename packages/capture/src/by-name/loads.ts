import type { Node } from 'oxc-parser';
import type { Scopes } from './scopes.ts';
import { forEachChild, withoutTypes } from './syntax-tree.ts';

/** A place at which code loads a module while it runs. */
export interface Load {
  readonly kind: 'import-statement' | 'dynamic-import' | 'require-call';
  /** Undefined where the name is computed. */
  readonly specifier: string | undefined;
  /** Place of the text that names the module, or of the whole call. */
  readonly start: number;
  readonly end: number;
  /** True when the code goes on without the module. */
  readonly isOptional: boolean;
}

/** Lists the modules that code loads while it runs: `import()`, and `require` in CommonJS. */
export function loadsIn(root: Node, scopes: Scopes): readonly Load[] {
  const found: Load[] = [];
  const visit = (node: Node, isOptional: boolean): void => {
    const load = loadAt(node, scopes);
    if (load) found.push({ ...load, isOptional });
    const isGuarded = isOptional || node.type === 'TryStatement';
    forEachChild(node, (child) => visit(child, isGuarded));
  };
  visit(root, false);
  return found;
}

/** Returns the module that a node loads, if it loads one. */
export function loadAt(node: Node, scopes: Scopes): Omit<Load, 'isOptional'> | undefined {
  switch (node.type) {
    case 'ImportExpression':
      return named('dynamic-import', node, node.source);
    case 'CallExpression': {
      const { callee, arguments: given } = node;
      const isRequire =
        callee.type === 'Identifier' && callee.name === 'require' && !scopes.bindingOf(callee);
      return isRequire && given[0] ? named('require-call', node, given[0]) : undefined;
    }
    case 'TSExternalModuleReference':
      return named('require-call', node, node.expression);
    // Only those of files that are taken as a whole are below an item.
    case 'ImportDeclaration':
      return node.importKind === 'type' ? undefined : named('import-statement', node, node.source);
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      if (!node.source || node.exportKind === 'type') return undefined;
      return named('import-statement', node, node.source);
    default:
      return undefined;
  }
}

function named(kind: Load['kind'], whole: Node, name: Node): Omit<Load, 'isOptional'> {
  const text = withoutTypes(name);
  const { start, end } = text;
  if (text.type === 'Literal' && typeof text.value === 'string')
    return { kind, specifier: text.value, start, end };
  if (text.type === 'TemplateLiteral' && text.quasis.length === 1)
    return { kind, specifier: text.quasis[0]?.value.cooked ?? undefined, start, end };
  return { kind, specifier: undefined, start: whole.start, end: whole.end };
}
