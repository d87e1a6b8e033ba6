import type { AnyNode, Program } from 'acorn';
import type { Binding, Scopes } from './scopes.ts';
import { forEachChild } from './syntax-tree.ts';

/**
 * Which names a bundle's code may find out while it runs: none, those of classes and constructors, which
 * printing a value shows, or those of every function that is passed on as a value.
 */
export type ObservedNames = 'none' | 'constructors' | 'all';

/** A parsed bundle. */
interface Code {
  readonly program: Program;
  readonly scopes: Scopes;
}

/**
 * Tells which names of functions and classes the code of a bundle may read. What is no reading of a name but
 * looks like one counts: any property called `name`, and the text `name` as a possible key. `isWritten` tells what
 * somebody wrote from what the bundler added.
 *
 * @spec DML-EXE-0519
 */
export function observedNames(
  { program, scopes }: Code,
  isWritten: (offset: number) => boolean,
): ObservedNames {
  if (someNode(program, (node) => readsName(node) && isWritten(node.start))) return 'all';
  return scopes.free.has('console') ? 'constructors' : 'none';
}

/** Properties that list the keys of a function, its name among them. */
const keyReaders = new Set(['getOwnPropertyNames', 'getOwnPropertyDescriptors', 'ownKeys']);

/** Built-in modules that show names in the texts that they make. */
const showingModules = /^(node:)?(util|assert|assert\/strict)$/;

function readsName(node: AnyNode): boolean {
  switch (node.type) {
    case 'Literal':
      return node.value === 'name';
    case 'MemberExpression':
      if (!node.computed && node.property.type === 'Identifier') {
        const { name } = node.property;
        if (name === 'name' || keyReaders.has(name)) return true;
      }
      break;
    case 'ObjectPattern':
      for (const property of node.properties) {
        if (property.type === 'Property' && !property.computed && keyText(property.key) === 'name')
          return true;
      }
      break;
    case 'ImportDeclaration':
      return showingModules.test(String(node.source.value));
    case 'CallExpression': {
      // `require` of a built-in module by CommonJS code.
      const [first] = node.arguments;
      return first?.type === 'Literal' && showingModules.test(String(first.value));
    }
  }
  return false;
}

function someNode(node: AnyNode, test: (node: AnyNode) => boolean): boolean {
  if (test(node)) return true;
  let found = false;
  forEachChild(node, (child) => {
    found ||= someNode(child, test);
  });
  return found;
}

function keyText(key: AnyNode): string | undefined {
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' ? String(key.value) : undefined;
}

/**
 * Yields the places where code takes the text of a function: `f.toString()`, `String(f)`, a template or sum that
 * holds `f`, and `Function.prototype`. `f` is known to be a function where it is declared as one or called
 * somewhere. What stays hidden is a function that is only passed on and asked for its text elsewhere.
 */
export function textReaders({ program, scopes }: Code): readonly AnyNode[] {
  const found: AnyNode[] = [];
  const isFunction = (node: AnyNode | null | undefined): boolean => {
    if (!node) return false;
    if (functionTypes.has(node.type)) return true;
    const binding = node.type === 'Identifier' ? scopes.bindingOf(node) : undefined;
    return binding !== undefined && holdsFunction(binding);
  };
  const visit = (node: AnyNode): void => {
    if (readsText(node, isFunction)) found.push(node);
    forEachChild(node, visit);
  };
  visit(program);
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

/** Also where a call gives the function its name. */
function makesFunction(node: AnyNode | null | undefined): boolean {
  if (node?.type === 'CallExpression' && node.arguments.length === 2) return makesFunction(node.arguments[0]);
  return node !== null && node !== undefined && functionTypes.has(node.type);
}

function readsText(node: AnyNode, isFunction: (node: AnyNode) => boolean): boolean {
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
