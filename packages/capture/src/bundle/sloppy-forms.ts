import type { Node } from 'oxc-parser';
import type { Outline } from '../by-name/outline.ts';
import type { Binding, Reference, Scopes } from '../by-name/scopes.ts';
import { forEachChild } from '../by-name/syntax-tree.ts';

/** A form of sloppy code that does something else in a bundle, whose code is strict. */
export interface SloppyForm {
  readonly start: number;
  readonly reason: string;
}

const OTHER_THIS = 'this means the global object here, which a captured function does not see';
const SAME_NAME = 'two parameters have one name here, which the code of a captured function may not have';
const TIED = 'arguments and parameters stand for each other here, which they do not in a captured function';
const THROWS = 'this has no effect here, but throws in a captured function, whose code is strict';
const CALLEE = 'arguments.callee throws in a captured function, whose code is strict';

/**
 * Returns the first form of sloppy code that would behave differently; code of the author is held to more of them.
 *
 * @spec DML-CAP-0924
 */
export function sloppyForm(outline: Outline, isOwn: boolean): SloppyForm | undefined {
  const reader = new SloppyReader(outline, isOwn);
  reader.read(outline.program);
  return reader.found;
}

export function isAssigned({ node, parent, grandparent }: Reference): boolean {
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

type FunctionNode = Extract<Node, { readonly params: readonly Node[]; readonly body: unknown }>;

/** Names of the global object. */
const GLOBALS: ReadonlySet<string> = new Set(['global', 'globalThis']);

/** Place in the code: the function around it that has `arguments`, and whether `this` is the global object. */
interface Place {
  readonly isGlobalThis: boolean;
  readonly uses: ArgumentsUse[];
}

/** A use of `arguments`: the number of the argument, undefined where it may be any. */
interface ArgumentsUse {
  readonly start: number;
  readonly index: number | undefined;
  readonly isWrite: boolean;
}

class SloppyReader {
  readonly #scopes: Scopes;
  readonly #text: string;
  readonly #isOwn: boolean;
  readonly #byDeclaration = new Map<Node, Binding[]>();
  found: SloppyForm | undefined;

  constructor({ scopes, text }: Outline, isOwn: boolean) {
    this.#scopes = scopes;
    this.#text = text;
    this.#isOwn = isOwn;
    for (const binding of scopes.bindings) {
      const known = this.#byDeclaration.get(binding.declaration);
      if (known) known.push(binding);
      else this.#byDeclaration.set(binding.declaration, [binding]);
    }
  }

  read(program: Node): void {
    for (const name of ['undefined', 'NaN', 'Infinity'])
      for (const reference of this.#scopes.free.get(name) ?? [])
        if (isAssigned(reference)) this.#refuse(reference.node, THROWS);
    this.#visit(program, undefined, { isGlobalThis: false, uses: [] });
  }

  #refuse({ start }: Pick<Node, 'start'>, reason: string): void {
    if (!this.found || start < this.found.start) this.found = { start, reason };
  }

  #visit(node: Node, parent: Node | undefined, place: Place): void {
    let inside = place;
    switch (node.type) {
      case 'ClassBody':
        return;
      case 'IfStatement':
      case 'ConditionalExpression': {
        // The other branch is for browsers.
        const outcome = this.#outcomeOf(node.test);
        if (outcome === undefined) break;
        const taken = outcome ? node.consequent : node.alternate;
        if (taken) this.#visit(taken, node, place);
        return;
      }
      case 'FunctionDeclaration':
      case 'FunctionExpression':
        if (isStrict(node)) return;
        inside = { isGlobalThis: this.#isGlobalThis(node, parent), uses: [] };
        this.#parameters(node);
        break;
      case 'ThisExpression':
        // @spec DML-CAP-0018
        if (place.isGlobalThis) this.#refuse(node, OTHER_THIS);
        break;
      case 'Identifier':
        if (node.name === 'arguments' && parent) this.#arguments(node, parent, place);
        break;
      case 'AssignmentExpression':
        if (this.#isFixed(node.left)) this.#refuse(node, THROWS);
        else if (node.left.type === 'MemberExpression') this.#argumentsWrite(node.left, place);
        break;
      case 'UpdateExpression':
        if (this.#isFixed(node.argument)) this.#refuse(node, THROWS);
        else if (node.argument.type === 'MemberExpression') this.#argumentsWrite(node.argument, place);
        break;
      case 'UnaryExpression':
        if (node.operator === 'delete' && this.#isFixed(node.argument)) this.#refuse(node, THROWS);
    }
    forEachChild(node, (child) => this.#visit(child, node, inside));
    if (inside !== place) this.#tied(node as FunctionNode, inside.uses);
  }

  /** Returns the outcome of a test that has the same one everywhere in Node. */
  #outcomeOf(test: Node): boolean | undefined {
    return this.#asksForExports(test) || this.#outcomeForGlobal(test);
  }

  /** @spec DML-CAP-0937 */
  #outcomeForGlobal(test: Node): boolean | undefined {
    if (test.type !== 'BinaryExpression') return undefined;
    const { left, right, operator } = test;
    const [asked, text] = left.type === 'Literal' ? [right, left] : [left, right];
    if (asked.type !== 'UnaryExpression' || asked.operator !== 'typeof' || text.type !== 'Literal')
      return undefined;
    const { argument } = asked;
    const isGlobal = argument.type === 'Identifier' && GLOBALS.has(argument.name);
    if (!isGlobal || this.#scopes.bindingOf(argument)) return undefined;
    const isObject = text.value === 'object';
    if (operator === '===' || operator === '==') return isObject;
    return operator === '!==' || operator === '!=' ? !isObject : undefined;
  }

  /** @spec DML-CAP-0927 */
  #asksForExports({ start, end }: Node): boolean {
    const test = this.#text.slice(start, end);
    return /\bexports\b/.test(test) && !/^!|[^!=]==\s*=?\s*['"]?(undefined|void)\b/.test(test);
  }

  #isGlobalThis(node: Node, parent: Node | undefined): boolean {
    if (node.type === 'FunctionDeclaration') return this.#isOwn;
    const isCalled = parent?.type === 'CallExpression' && parent.callee === node;
    const isMethod = parent?.type === 'Property' || parent?.type === 'MethodDefinition';
    return isCalled || (this.#isOwn && !isMethod);
  }

  #parameters(node: FunctionNode): void {
    const names = new Set<string>();
    for (const parameter of node.params) {
      if (parameter.type !== 'Identifier') continue;
      if (names.has(parameter.name)) this.#refuse(parameter, SAME_NAME);
      names.add(parameter.name);
    }
    if (node.type !== 'FunctionExpression' || !node.id) return;
    const own = this.#scopes.bindingOf(node.id);
    for (const reference of own?.references ?? [])
      if (isAssigned(reference)) this.#refuse(reference.node, THROWS);
  }

  #arguments(node: Node, parent: Node, { uses }: Place): void {
    if (this.#scopes.bindingOf(node)) return;
    if (parent.type !== 'MemberExpression' || parent.object !== node) {
      // A key of an object or class is no use of it.
      const isName = 'key' in parent && parent.key === node && !('shorthand' in parent && parent.shorthand);
      if (!isName && !(parent.type === 'MemberExpression' && !parent.computed))
        uses.push({ start: node.start, index: undefined, isWrite: false });
      return;
    }
    const { property, computed } = parent;
    if (!computed) {
      if (property.type === 'Identifier' && property.name === 'callee') this.#refuse(node, CALLEE);
      return;
    }
    uses.push({ start: node.start, index: indexOf(property), isWrite: false });
  }

  #argumentsWrite(member: Node & { type: 'MemberExpression' }, { uses }: Place): void {
    const { object, property, computed } = member;
    if (object.type !== 'Identifier' || object.name !== 'arguments' || !computed) return;
    if (!this.#scopes.bindingOf(object))
      uses.push({ start: member.start, index: indexOf(property), isWrite: true });
  }

  /** Refuses a function that changes an argument by one of its names and reads it by the other. */
  #tied(node: FunctionNode, uses: readonly ArgumentsUse[]): void {
    if (uses.length === 0 || !node.params.every(({ type }) => type === 'Identifier')) return;
    const bindings = this.#byDeclaration.get(node) ?? [];
    for (const { start, index, isWrite } of uses) {
      if (index === undefined && !this.#isOwn) continue;
      const same = index === undefined ? node.params : node.params.slice(index, index + 1);
      const isTied = same.some((parameter) => {
        const own = bindings.find(({ name }) => parameter.type === 'Identifier' && parameter.name === name);
        return own?.references.some((reference) => isWrite || isAssigned(reference));
      });
      if (isTied) this.#refuse({ start }, TIED);
    }
  }

  /** Checks whether something is a property of a global that nothing can change. */
  #isFixed(target: Node): boolean {
    if (target.type !== 'MemberExpression' || target.object.type !== 'Identifier') return false;
    const { object, property, computed } = target;
    if (this.#scopes.bindingOf(object) || !Object.hasOwn(globalThis, object.name)) return false;
    const name = !computed && property.type === 'Identifier' ? property.name : undefined;
    const owner: unknown = globalThis[object.name as keyof typeof globalThis];
    if (name === undefined || owner === null || !/^(object|function)$/.test(typeof owner)) return false;
    const found = Object.getOwnPropertyDescriptor(owner, name);
    return found !== undefined && found.configurable === false && found.writable === false;
  }
}

function isStrict({ body }: FunctionNode): boolean {
  const statements = body?.type === 'BlockStatement' ? body.body : [];
  return statements.some((one) => 'directive' in one && one.directive === 'use strict');
}

function indexOf(property: Node): number | undefined {
  return property.type === 'Literal' && typeof property.value === 'number' ? property.value : undefined;
}
