import type { AnyNode } from 'acorn';
import { isAssignment, type Scopes } from './scopes.ts';

/** `Math.PI` for that expression when `Math` is the global one; undefined for what does not begin at a global. */
export function globalPath(node: AnyNode, scopes: Scopes): string | undefined {
  if (node.type === 'Identifier') {
    const isGlobal = scopes.bindingOf(node) === undefined && knownGlobals.test(node.name);
    return isGlobal && !isChanged(node.name, scopes) ? node.name : undefined;
  }
  if (node.type !== 'MemberExpression' || node.computed || node.optional) return undefined;
  const name = nameIn(node.property);
  const object = globalPath(node.object as AnyNode, scopes);
  return name === undefined || object === undefined ? undefined : `${object}.${name}`;
}

/** The name that an identifier is; undefined for any other node. */
export function nameIn(node: AnyNode): string | undefined {
  return node.type === 'Identifier' ? node.name : undefined;
}

const changedGlobals = new WeakMap<Scopes, Map<string, boolean>>();

/** Whether the bundle puts code of its own into a built-in object. */
function isChanged(name: string, scopes: Scopes): boolean {
  const known = changedGlobals.get(scopes) ?? new Map<string, boolean>();
  changedGlobals.set(scopes, known);
  let changed = known.get(name);
  if (changed === undefined) {
    const uses = scopes.free.get(name) ?? [];
    changed = uses.some(
      (use) =>
        isAssignment(use) ||
        (use.parent.type === 'MemberExpression' &&
          use.grandparent !== undefined &&
          isAssignment({ node: use.parent as never, parent: use.grandparent, grandparent: undefined })),
    );
    known.set(name, changed);
  }
  return changed;
}

/** Constructors that do nothing but make their object from plain values. */
export const pureConstructors: RegExp =
  /^(Date|RegExp|URL|URLSearchParams|Text(En|De)coder|ArrayBuffer|DataView|((Uint|Int)(8|16|32)|Uint8Clamped|Float(32|64)|Big(Uint|Int)64)Array|Intl\.\w+)$/;
/** Functions that do nothing but yield a value from plain values. */
export const pureFunctions: RegExp =
  /^(Math\.(?!random$)\w+|Number(\.\w+)?|String(\.fromC\w+)?|BigInt|Symbol(\.for)?|parseInt|parseFloat|Date\.UTC)$/;
/** Those of them that yield no object, symbol or big integer. */
export const primitiveFunctions: RegExp =
  /^(Math\.\w+|Number(\.\w+)?|String(\.fromC\w+)?|Boolean|parseInt|parseFloat|Date\.UTC|JSON\.stringify)$/;
/** Properties of built-in objects that hold a primitive value. */
export const primitivePaths: RegExp =
  /^((Math|Number)\.[A-Z][A-Z0-9_]*|__daggermlImportMeta\.(url|dirname|filename))$/;
/** Properties of built-in objects that hold a value rather than a function which yields it. */
export const plainPaths: RegExp =
  /^(\w+\.(?!__proto__$)\w+|(Object|Array|String|Number)\.prototype\.(?!__proto__$)\w+)$/;
/** Methods of text that yield a value from plain values. */
export const textMethods: RegExp = /^(split|trim|toLowerCase|toUpperCase|repeat|padStart|padEnd|concat)$/;
/** The same of arrays. */
export const listMethods: RegExp = /^(join|concat)$/;
/** Methods of arrays that yield none of them and call nobody. */
export const readingMethods: RegExp = /^(includes|indexOf|lastIndexOf|join|at|slice)$/;
/** Functions that only read the array that they are given. */
export const readingFunctions: RegExp =
  /^(Array\.from|Object\.(entries|keys|values)|JSON\.stringify|Math\.\w+)$/;
/** Keys whose values decide what the language does with an object. */
export const speakingKeys: RegExp = /^(__proto__|toString|valueOf|toJSON|then)$/;

const knownGlobals =
  /^(Array|ArrayBuffer|BigInt|Big(Uint|Int)64Array|Boolean|DataView|Date|Float(32|64)Array|Intl|JSON|Map|Math|Number|Object|RegExp|Set|String|Symbol|TextDecoder|TextEncoder|URL|URLSearchParams|(Uint|Int)(8|16|32)Array|Uint8ClampedArray|WeakMap|WeakSet|parseFloat|parseInt|__daggermlImportMeta)$/;
/** Names that every module finds, and that reading does not change. */
export const standardGlobals: RegExp = new RegExp(
  `${knownGlobals.source}|^(undefined|NaN|Infinity|globalThis|process|console|Buffer|Function|Promise|Proxy|Reflect|(Type|Range|Syntax|Reference|URI|Eval|Aggregate)?Error|isNaN|isFinite|structuredClone|setTimeout|clearTimeout|(en|de)codeURI(Component)?)$`,
);
