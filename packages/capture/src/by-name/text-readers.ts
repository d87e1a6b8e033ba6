import type { Node } from 'oxc-parser';
import type { ReachedModule } from './own-modules.ts';
import type { Binding, Scopes } from './scopes.ts';
import { forEachChild, withoutTypes } from './syntax-tree.ts';

/**
 * Checks whether the reached code takes the text of a function: `f.toString()`, `String(f)`, a template or sum that
 * holds `f`, and `Function.prototype`. `f` is known to be a function where it is declared as one or called
 * somewhere. What stays hidden is a function that is only passed on and asked for its text elsewhere.
 */
export function readsTexts(module: ReachedModule): boolean {
  const { scopes } = module.outline;
  for (const { node } of module.items) if (readsTextIn(node, scopes)) return true;
  return false;
}

function readsTextIn(root: Node, scopes: Scopes): boolean {
  let found = false;
  const isFunction = (given: Node | null | undefined): boolean => {
    if (!given) return false;
    const node = withoutTypes(given);
    if (functionTypes.has(node.type)) return true;
    const binding = node.type === 'Identifier' ? scopes.bindingOf(node) : undefined;
    return binding !== undefined && holdsFunction(binding);
  };
  const visit = (node: Node): void => {
    found ||= readsText(node, isFunction);
    if (!found) forEachChild(node, visit);
  };
  visit(root);
  return found;
}

const functionTypes = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassDeclaration',
  'ClassExpression',
]);

function holdsFunction({ kind, declaration, references }: Binding): boolean {
  if (kind === 'function' || kind === 'class') return true;
  if (declaration.type === 'VariableDeclarator' && makesFunction(declaration.init)) return true;
  return references.some(({ node, parent }) => parent.type === 'CallExpression' && parent.callee === node);
}

function makesFunction(node: Node | null | undefined): boolean {
  return node !== null && node !== undefined && functionTypes.has(withoutTypes(node).type);
}

function readsText(node: Node, isFunction: (node: Node) => boolean): boolean {
  switch (node.type) {
    case 'MemberExpression': {
      if (node.computed || node.property.type !== 'Identifier') return false;
      const { name } = node.property;
      if (name === 'prototype') return node.object.type === 'Identifier' && node.object.name === 'Function';
      return name === 'toString' && isFunction(node.object);
    }
    case 'CallExpression': {
      const { callee } = node;
      return callee.type === 'Identifier' && callee.name === 'String' && node.arguments.some(isFunction);
    }
    case 'TemplateLiteral':
      return node.expressions.some(isFunction);
    case 'BinaryExpression':
      return node.operator === '+' && (isFunction(node.left) || isFunction(node.right));
    default:
      return false;
  }
}
