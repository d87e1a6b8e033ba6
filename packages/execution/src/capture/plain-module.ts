import type { AnyNode } from 'acorn';
import { isNamingCall } from './naming-helper.ts';
import { mayBeDropped } from './pure-expressions.ts';
import type { Binding, Scopes } from './scopes.ts';
import { forEachChild } from './syntax-tree.ts';

type FunctionNode = AnyNode & {
  readonly type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression';
};

/** What the proof needs to know of the code around a module. */
export interface Surroundings {
  readonly scopes: Scopes;
  readonly namingHelper: Binding | undefined;
  /** Whether an expression evaluates another module that is plain itself. */
  isPureImport(node: AnyNode): boolean;
}

/**
 * Tells whether the function that evaluates a CommonJS module only defines things: functions, classes and values
 * that it makes itself, their properties, and its exports. Nothing outside of it can notice whether it ran.
 */
export function isPlainModule(body: FunctionNode, around: Surroundings): boolean {
  return new Proof(body, around).isPlainBody(body, new Set());
}

class Proof {
  readonly #body: FunctionNode;
  readonly #around: Surroundings;
  /** Properties that run code when they are read or written. */
  readonly #accessors = new Set<string>();

  constructor(body: FunctionNode, around: Surroundings) {
    this.#body = body;
    this.#around = around;
    const visit = (node: AnyNode): void => {
      if ((node.type === 'MethodDefinition' || node.type === 'Property') && /^[gs]et$/.test(node.kind))
        this.#accessors.add(node.key.type === 'Identifier' && !node.computed ? node.key.name : '');
      forEachChild(node, visit);
    };
    visit(body);
  }

  /** `given` are parameters that hold values which the module made. */
  isPlainBody({ body }: FunctionNode, given: ReadonlySet<Binding>): boolean {
    return body.type === 'BlockStatement' && body.body.every((statement) => this.#isPlain(statement, given));
  }

  #isPlain(statement: AnyNode, given: ReadonlySet<Binding>): boolean {
    switch (statement.type) {
      case 'FunctionDeclaration':
        return true;
      case 'ClassDeclaration':
      case 'EmptyStatement':
        return (
          statement.type === 'EmptyStatement' ||
          this.#isMade({ ...statement, type: 'ClassExpression' } as AnyNode, given)
        );
      case 'VariableDeclaration':
        return statement.declarations.every(
          ({ id, init }) => id.type === 'Identifier' && (!init || this.#isMade(init, given)),
        );
      case 'ExpressionStatement':
        return this.#isDefinition(statement.expression, given);
      default:
        return false;
    }
  }

  /** An assignment to a property of what the module made or exports, or nothing at all. */
  #isDefinition(node: AnyNode, given: ReadonlySet<Binding>): boolean {
    switch (node.type) {
      case 'SequenceExpression':
        return node.expressions.every((one) => this.#isDefinition(one, given));
      case 'LogicalExpression':
        return this.#isMade(node.left, given) && this.#isDefinition(node.right, given);
      case 'AssignmentExpression':
        if (node.operator !== '=' || !this.#isTarget(node.left, given)) return false;
        return node.right.type === 'AssignmentExpression'
          ? this.#isDefinition(node.right, given)
          : this.#isMade(node.right, given);
      case 'CallExpression':
        return this.#isInstallation(node, given) || this.#isMade(node, given);
      default:
        return this.#isMade(node, given);
    }
  }

  #isTarget(node: AnyNode, given: ReadonlySet<Binding>): boolean {
    if (node.type !== 'MemberExpression') return false;
    if (node.computed ? !this.#isMade(node.property, given) : this.#isAccessor(node.property)) return false;
    const [exported, moduleObject] = this.#body.params;
    const object = node.object as AnyNode;
    const holder = object.type === 'Identifier' ? this.#around.scopes.bindingOf(object) : undefined;
    if (holder && holder === this.#parameter(exported)) return true;
    if (holder && holder === this.#parameter(moduleObject))
      return !node.computed && node.property.type === 'Identifier' && node.property.name === 'exports';
    return this.#isOwn(object, given);
  }

  /** What the module made itself, or the prototype of that. */
  #isOwn(node: AnyNode, given: ReadonlySet<Binding>): boolean {
    if (node.type === 'MemberExpression') {
      const isPrototype =
        !node.computed && node.property.type === 'Identifier' && node.property.name === 'prototype';
      return isPrototype && node.object.type === 'Identifier' && this.#isOwn(node.object, given);
    }
    const binding = node.type === 'Identifier' ? this.#around.scopes.bindingOf(node) : undefined;
    if (!binding) return false;
    if (given.has(binding)) return true;
    const { kind, declaration } = binding;
    if (declaration.start < this.#body.start || this.#body.end < declaration.end) return false;
    if (kind === 'function' || kind === 'class') return true;
    return declaration.type === 'VariableDeclarator' && this.#isFresh(declaration.init, binding);
  }

  #isFresh(init: AnyNode | null | undefined, binding: Binding): boolean {
    if (!init || isAssignedAgain(binding)) return false;
    if (isNamingCall(init, this.#around.namingHelper, this.#around.scopes))
      return this.#isFresh(init.arguments[0] as AnyNode, binding);
    return /^(Class|Function|ArrowFunction|Object|Array)Expression$/.test(init.type);
  }

  /** A call of one of the module's functions that only defines properties of what the module made. */
  #isInstallation(node: AnyNode & { type: 'CallExpression' }, given: ReadonlySet<Binding>): boolean {
    const callee = this.#ownFunction(node.callee);
    if (!callee || !node.arguments.every((one) => this.#isOwn(one, given))) return false;
    const parameters = callee.params.map((parameter) => this.#parameter(parameter));
    if (parameters.length > node.arguments.length) return false;
    const held = new Set(parameters.filter((binding) => binding !== undefined));
    return held.size === parameters.length && this.isPlainBody(callee, held);
  }

  /** Whether making a value does nothing else. */
  #isMade(node: AnyNode, given: ReadonlySet<Binding>): boolean {
    const { scopes, namingHelper } = this.#around;
    return mayBeDropped(node, scopes, (one) => {
      if (one.type === 'MemberExpression')
        return !one.computed && !this.#isAccessor(one.property) && this.#isOwn(one.object as AnyNode, given);
      if (one.type !== 'CallExpression') return false;
      return (
        this.#isConversion(one) ||
        this.#isExportDefinition(one) ||
        this.#around.isPureImport(one) ||
        isNamingCall(one, namingHelper, scopes)
      );
    });
  }

  /** A call of one of the module's functions that only yields a value made of its arguments. */
  #isConversion({ callee }: AnyNode & { type: 'CallExpression' }): boolean {
    const own = this.#ownFunction(callee);
    const [only, ...more] = own?.body.type === 'BlockStatement' ? own.body.body : [];
    if (only?.type !== 'ReturnStatement' || more.length > 0 || !only.argument) return false;
    return mayBeDropped(only.argument, this.#around.scopes, asksForModuleKind);
  }

  /** `Object.defineProperty(exports, …)`, and nothing but values that are made there in the other arguments. */
  #isExportDefinition({ callee, arguments: [target] }: AnyNode & { type: 'CallExpression' }): boolean {
    if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier' || !target) return false;
    const isDefine = callee.property.type === 'Identifier' && callee.property.name === 'defineProperty';
    if (!isDefine || callee.object.name !== 'Object' || this.#around.scopes.bindingOf(callee.object))
      return false;
    const holder = target.type === 'Identifier' ? this.#around.scopes.bindingOf(target) : undefined;
    return holder !== undefined && holder === this.#parameter(this.#body.params[0]);
  }

  #ownFunction(callee: AnyNode): FunctionNode | undefined {
    const binding = callee.type === 'Identifier' ? this.#around.scopes.bindingOf(callee) : undefined;
    const declaration = binding?.declaration;
    if (!binding || declaration?.type !== 'FunctionDeclaration' || isAssignedAgain(binding)) return undefined;
    const isInside = this.#body.start < declaration.start && declaration.end < this.#body.end;
    return isInside && !declaration.async && !declaration.generator ? declaration : undefined;
  }

  #parameter(node: AnyNode | undefined): Binding | undefined {
    return node?.type === 'Identifier' ? this.#around.scopes.bindingOf(node) : undefined;
  }

  #isAccessor(property: AnyNode): boolean {
    return (
      property.type !== 'Identifier' || this.#accessors.has(property.name) || property.name === '__proto__'
    );
  }
}

/** The mark by which CommonJS code tells modules that were compiled from ES modules. */
function asksForModuleKind(node: AnyNode): boolean {
  if (node.type !== 'MemberExpression' || node.computed || node.object.type !== 'Identifier') return false;
  return node.property.type === 'Identifier' && node.property.name === '__esModule';
}

function isAssignedAgain({ references }: Binding): boolean {
  return references.some(
    ({ node, parent }) =>
      (parent.type === 'AssignmentExpression' && parent.left === node) ||
      parent.type === 'UpdateExpression' ||
      /Pattern$|^RestElement$|^For(In|Of)Statement$/.test(parent.type),
  );
}
