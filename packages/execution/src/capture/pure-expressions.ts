import type { AnyNode } from 'acorn';
import type { Scopes } from './scopes.ts';

/**
 * Tells whether making a value does nothing but make it, so that it may be left out when nobody needs the value.
 *
 * Values of unknown code count as doing more. That a conversion or a property may run code of its own is left
 * aside for values that are built right here. `isHarmless` tells more calls and properties that do nothing else.
 */
export function mayBeDropped(node: AnyNode, scopes: Scopes, isHarmless: (node: AnyNode) => boolean): boolean {
  const all = (nodes: readonly (AnyNode | null)[]): boolean =>
    nodes.every((one) => one === null || mayBeDropped(one, scopes, isHarmless));
  switch (node.type) {
    case 'Literal':
    case 'Identifier':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return true;
    case 'TemplateLiteral':
      return all(node.expressions);
    case 'ArrayExpression':
      return all(node.elements);
    case 'ObjectExpression':
      return node.properties.every((property) =>
        property.type === 'SpreadElement'
          ? mayBeDropped(property.argument, scopes, isHarmless)
          : (!property.computed || mayBeDropped(property.key, scopes, isHarmless)) &&
            mayBeDropped(property.value, scopes, isHarmless),
      );
    case 'SpreadElement':
      return node.argument.type === 'ArrayExpression' && mayBeDropped(node.argument, scopes, isHarmless);
    case 'UnaryExpression':
      return node.operator !== 'delete' && mayBeDropped(node.argument, scopes, isHarmless);
    case 'BinaryExpression':
    case 'LogicalExpression':
      return all([node.left as AnyNode, node.right]);
    case 'ConditionalExpression':
      return all([node.test, node.consequent, node.alternate]);
    case 'ClassExpression':
      return (
        (!node.superClass || node.superClass.type === 'Identifier') &&
        node.body.body.every((member) => isPlainMember(member, scopes, isHarmless))
      );
    case 'MemberExpression':
      return isHarmless(node) || globalPath(node, scopes) !== undefined;
    case 'NewExpression': {
      const name = globalPath(node.callee, scopes);
      return name !== undefined && pureConstructors.test(name) && all(node.arguments);
    }
    case 'CallExpression':
      return (isHarmless(node) || isPureCall(node, scopes)) && all(node.arguments);
    default:
      return false;
  }
}

const pureConstructors =
  /^(Map|Set|WeakMap|WeakSet|Date|RegExp|URL|URLSearchParams|Text(En|De)coder|Array|ArrayBuffer|DataView|((Uint|Int)(8|16|32)|Uint8Clamped|Float(32|64)|Big(Uint|Int)64)Array|Intl\.\w+)$/;
const pureFunctions =
  /^(Math\.(?!random$)\w+|Number(\.\w+)?|String(\.\w+)?|BigInt|Boolean|Symbol(\.for)?|parseInt|parseFloat|Array\.of|JSON\.stringify|Object\.(entries|keys|values|fromEntries|create)|Date\.UTC)$/;
/** Functions that change what they are given, and therefore may be left out only with a value made right there. */
const marking = /^Object\.(freeze|seal)$/;
const textMethods = /^(split|trim|toLowerCase|toUpperCase|repeat|padStart|padEnd|join|concat)$/;

function isPureCall(node: AnyNode & { type: 'CallExpression' }, scopes: Scopes): boolean {
  const { callee } = node;
  const [first] = node.arguments;
  const name = globalPath(callee, scopes);
  if (name !== undefined) {
    if (marking.test(name)) return first !== undefined && isMadeHere(first);
    return name === 'Array.from' ? node.arguments.length === 1 : pureFunctions.test(name);
  }
  if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier')
    return false;
  const { object } = callee;
  const isText = object.type === 'Literal' && typeof object.value === 'string';
  const isList = object.type === 'ArrayExpression' && object.elements.every((one) => one?.type === 'Literal');
  return (isText || isList) && textMethods.test(callee.property.name);
}

function isMadeHere({ type }: AnyNode): boolean {
  return /^(ArrayExpression|ObjectExpression|NewExpression|CallExpression|ArrowFunctionExpression)$/.test(
    type,
  );
}

function isPlainMember(member: AnyNode, scopes: Scopes, isHarmless: (node: AnyNode) => boolean): boolean {
  switch (member.type) {
    case 'StaticBlock':
      return member.body.every((one) => one.type === 'ExpressionStatement' && isHarmless(one.expression));
    case 'MethodDefinition':
      return !member.computed || mayBeDropped(member.key, scopes, isHarmless);
    case 'PropertyDefinition':
      if (member.computed && !mayBeDropped(member.key, scopes, isHarmless)) return false;
      return !member.static || !member.value || mayBeDropped(member.value, scopes, isHarmless);
    default:
      return false;
  }
}

/** `Math.PI` for that expression when `Math` is the global one; undefined for what does not begin at a global. */
function globalPath(node: AnyNode, scopes: Scopes): string | undefined {
  if (node.type === 'Identifier') return isKnownGlobal(node, scopes) ? node.name : undefined;
  if (node.type !== 'MemberExpression' || node.computed || node.property.type !== 'Identifier')
    return undefined;
  const object = globalPath(node.object as AnyNode, scopes);
  return object === undefined ? undefined : `${object}.${node.property.name}`;
}

const knownGlobals =
  /^(Array|ArrayBuffer|BigInt|Big(Uint|Int)64Array|Boolean|DataView|Date|Float(32|64)Array|Intl|JSON|Map|Math|Number|Object|RegExp|Set|String|Symbol|TextDecoder|TextEncoder|URL|URLSearchParams|(Uint|Int)(8|16|32)Array|Uint8ClampedArray|WeakMap|WeakSet|parseFloat|parseInt|__daggermlImportMeta)$/;

function isKnownGlobal(node: AnyNode & { name: string }, scopes: Scopes): boolean {
  return scopes.bindingOf(node) === undefined && knownGlobals.test(node.name);
}
