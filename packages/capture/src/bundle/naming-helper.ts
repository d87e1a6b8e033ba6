import type { AnyNode, CallExpression, Program } from 'acorn';
import type { Binding, Scopes } from './scopes.ts';

/** Statements with helpers, which stand before all other code. */
const MOST_HELPERS = 16;

/** The binding of esbuild's helper: a function of two parameters that defines the property `name`. */
export function namingHelper(program: Program, scopes: Scopes): Binding | undefined {
  return scopes.bindings.find(({ declaration }) => {
    if (declaration.type !== 'VariableDeclarator' || declaration.init?.type !== 'ArrowFunctionExpression')
      return false;
    const { body, params } = declaration.init;
    if (params.length !== 2 || body.type !== 'CallExpression' || body.arguments.length !== 3) return false;
    const [, key, descriptor] = body.arguments;
    return (
      key?.type === 'Literal' &&
      key.value === 'name' &&
      descriptor?.type === 'ObjectExpression' &&
      descriptor.properties.length === 2 &&
      declaration.end < (program.body[MOST_HELPERS]?.end ?? program.end)
    );
  });
}

/** Tells a call that only gives a function or class its name again. */
export function isNamingCall(
  node: AnyNode,
  helper: Binding | undefined,
  scopes: Scopes,
): node is CallExpression {
  if (helper === undefined || node.type !== 'CallExpression' || node.arguments.length !== 2) return false;
  return node.callee.type === 'Identifier' && scopes.bindingOf(node.callee) === helper;
}
