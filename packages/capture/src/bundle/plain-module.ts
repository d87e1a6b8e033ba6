import type { AnyNode } from 'acorn';
import { isNamingCall } from './naming-helper.ts';
import { isFunctionLiteral, mayBeDropped } from './pure-expressions.ts';
import { type Binding, isConstant, type Scopes } from './scopes.ts';
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
  return new Proof(body, around).isPlainBody(body, new Map());
}

/** Parameters that hold values which the module made, and whether these are functions or classes. */
type Given = ReadonlyMap<Binding, boolean>;

/** Calls that are followed in one module; the code may call each of its functions from many others. */
const MOST_CALLS = 1000;

/** Properties of built-in objects that do more than keep what they are given, and the prototypes of instances. */
const speakingProperties = /^(__proto__|prototype|length|name|caller|arguments)$/;

class Proof {
  readonly #body: FunctionNode;
  readonly #around: Surroundings;
  /** Properties that run code when they are read or written. */
  readonly #accessors = new Set<string>();
  /** Whether there are such properties with names that the text does not tell. */
  #hasUnknownAccessors = false;
  #hasSymbolAccessors = false;
  /** Functions and classes about which a question is being answered. */
  readonly #asked = new Set<AnyNode>();
  #calls = 0;

  constructor(body: FunctionNode, around: Surroundings) {
    this.#body = body;
    this.#around = around;
    const visit = (node: AnyNode): void => {
      if ((node.type === 'MethodDefinition' || node.type === 'Property') && /^[gs]et$/.test(node.kind)) {
        const name = keyOf(node);
        if (name === undefined && this.#isSymbol(node.key)) this.#hasSymbolAccessors = true;
        else if (name === undefined) this.#hasUnknownAccessors = true;
        else this.#accessors.add(name);
      }
      forEachChild(node, visit);
    };
    visit(body);
  }

  isPlainBody({ body }: FunctionNode, given: Given): boolean {
    // Those who import the module ask for this property, even where they use nothing.
    if (this.#accessors.has('__esModule') || this.#hasUnknownAccessors) return false;
    return body.type === 'BlockStatement' && body.body.every((statement) => this.#isPlain(statement, given));
  }

  #isPlain(statement: AnyNode, given: Given): boolean {
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
  #isDefinition(node: AnyNode, given: Given): boolean {
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

  #isTarget(node: AnyNode, given: Given): boolean {
    if (node.type !== 'MemberExpression') return false;
    if (!this.#isPlainTarget(node)) return false;
    const [exported, moduleObject] = this.#body.params;
    const object = node.object as AnyNode;
    const holder = object.type === 'Identifier' ? this.#around.scopes.bindingOf(object) : undefined;
    if (holder && holder === this.#parameter(exported)) return true;
    if (holder && holder === this.#parameter(moduleObject))
      return !node.computed && node.property.type === 'Identifier' && node.property.name === 'exports';
    return this.#isOwn(object, given);
  }

  /** Whether assigning to a property of an own value only keeps what is assigned. */
  #isPlainTarget(node: AnyNode & { type: 'MemberExpression' }): boolean {
    const { property } = node;
    const isSymbol = !this.#hasSymbolAccessors && node.computed && this.#isSymbol(property);
    return isSymbol || !this.#isAccessor(keyOf({ key: property, computed: node.computed }));
  }

  #isSymbol(node: AnyNode): boolean {
    const path = node.type === 'CallExpression' ? node.callee : node;
    if (path.type !== 'MemberExpression' || path.computed || path.object.type !== 'Identifier') return false;
    if (path.object.name !== 'Symbol' || this.#around.scopes.bindingOf(path.object)) return false;
    return this.#isMade(node, new Map());
  }

  /** What the module made itself, or the prototype of that. */
  #isOwn(node: AnyNode, given: Given): boolean {
    if (node.type === 'MemberExpression')
      return keyOf({ key: node.property, computed: node.computed }) === 'prototype' && !node.computed
        ? this.#isOwnFunction(node.object as AnyNode, given)
        : false;
    const binding = node.type === 'Identifier' ? this.#around.scopes.bindingOf(node) : undefined;
    if (!binding) return false;
    return given.has(binding) || this.#madeValue(binding) !== undefined;
  }

  /** A function or class of the module, with the prototype that it was made with. */
  #isOwnFunction(node: AnyNode, given: Given): boolean {
    const binding = node.type === 'Identifier' ? this.#around.scopes.bindingOf(node) : undefined;
    if (!binding) return false;
    if (given.has(binding)) return given.get(binding) === true;
    return /^(Class|Function)(Expression|Declaration)$/.test(this.#madeValue(binding)?.type ?? '');
  }

  /** What makes the value of a constant of the module, when nothing outside of the module is part of that. */
  #madeValue(binding: Binding): AnyNode | undefined {
    const { kind, declaration } = binding;
    if (!isConstant(binding)) return undefined;
    if (declaration.start < this.#body.start || this.#body.end < declaration.end) return undefined;
    if (kind === 'function' || kind === 'class') return this.#isFresh(declaration) ? declaration : undefined;
    let init = declaration.type === 'VariableDeclarator' ? declaration.init : undefined;
    if (init && isNamingCall(init, this.#around.namingHelper, this.#around.scopes))
      init = init.arguments[0] as typeof init;
    const isNamed = declaration.type === 'VariableDeclarator' && declaration.id.type === 'Identifier';
    return isNamed && init && this.#isFresh(init) ? init : undefined;
  }

  #isFresh(made: AnyNode): boolean {
    switch (made.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
      case 'ArrayExpression':
        return true;
      case 'ObjectExpression':
        return made.properties.every((one) => one.type === 'Property' && keyOf(one) !== '__proto__');
      case 'ClassDeclaration':
      case 'ClassExpression': {
        if (!made.superClass) return true;
        // A class inherits what runs when its properties are written.
        if (made.superClass.type !== 'Identifier' || this.#asked.has(made)) return false;
        this.#asked.add(made);
        const isOwn = this.#isOwnFunction(made.superClass, new Map());
        this.#asked.delete(made);
        return isOwn;
      }
      default:
        return false;
    }
  }

  /** A call of one of the module's functions that only defines properties of what the module made. */
  #isInstallation(node: AnyNode & { type: 'CallExpression' }, given: Given): boolean {
    const callee = this.#ownFunction(node.callee);
    if (!callee || !node.arguments.every((one) => this.#isOwn(one, given))) return false;
    if (callee.params.length > node.arguments.length) return false;
    const held = new Map<Binding, boolean>();
    callee.params.forEach((parameter, index) => {
      const binding = this.#parameter(parameter);
      if (binding && isConstant(binding))
        held.set(binding, this.#isOwnFunction(node.arguments[index] as AnyNode, given));
    });
    if (held.size !== callee.params.length || this.#asked.has(callee) || this.#calls++ > MOST_CALLS)
      return false;
    this.#asked.add(callee);
    const isPlain = this.isPlainBody(callee, held);
    this.#asked.delete(callee);
    return isPlain;
  }

  /** Whether making a value does nothing else. */
  #isMade(node: AnyNode, given: Given): boolean {
    const { scopes, namingHelper } = this.#around;
    return mayBeDropped(node, scopes, (one) => {
      if (one.type === 'MemberExpression')
        return (
          !one.computed &&
          !this.#accessors.has(keyOf({ key: one.property, computed: false }) ?? '') &&
          this.#isOwn(one.object as AnyNode, given)
        );
      if (one.type !== 'CallExpression') return false;
      return (
        this.#isConversion(one) ||
        this.#isExportDefinition(one) ||
        this.#around.isPureImport(one) ||
        (isNamingCall(one, namingHelper, scopes) && this.#isNamedHere(one.arguments[0]))
      );
    });
  }

  /** A call of one of the module's functions that only yields a value made of its arguments. */
  #isConversion({ callee, arguments: all }: AnyNode & { type: 'CallExpression' }): boolean {
    const own = this.#ownFunction(callee);
    // What is asked for its kind must be known to tell it without running code.
    if (!own || !all.every((one) => this.#around.isPureImport(one))) return false;
    if (!own.params.every((parameter) => parameter.type === 'Identifier')) return false;
    const [only, ...more] = own.body.type === 'BlockStatement' ? own.body.body : [];
    if (only?.type !== 'ReturnStatement' || more.length > 0 || !only.argument) return false;
    return mayBeDropped(only.argument, this.#around.scopes, asksForModuleKind);
  }

  /** `Object.defineProperty(exports, …)`, and nothing but values that are made there in the other arguments. */
  #isExportDefinition({ callee, arguments: all }: AnyNode & { type: 'CallExpression' }): boolean {
    const [target, key, descriptor] = all;
    const name = key?.type === 'Literal' ? String(key.value) : undefined;
    if (name === undefined || all.length !== 3 || descriptor?.type !== 'ObjectExpression') return false;
    const isPlain = descriptor.properties.every(
      (one) =>
        one.type === 'Property' &&
        one.kind === 'init' &&
        /^(value|enumerable|configurable|writable|get)$/.test(keyOf(one) ?? '') &&
        (name !== '__esModule' || keyOf(one) !== 'get'),
    );
    if (!isPlain) return false;
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
    if (!binding || declaration?.type !== 'FunctionDeclaration' || !isConstant(binding)) return undefined;
    const isInside = this.#body.start < declaration.start && declaration.end < this.#body.end;
    return isInside && !declaration.async && !declaration.generator ? declaration : undefined;
  }

  #parameter(node: AnyNode | undefined): Binding | undefined {
    return node?.type === 'Identifier' ? this.#around.scopes.bindingOf(node) : undefined;
  }

  #isAccessor(name: string | undefined): boolean {
    return name === undefined || this.#accessors.has(name) || speakingProperties.test(name);
  }

  /** A function or class that is made right there or by this module, which may get its name back. */
  #isNamedHere(node: AnyNode | undefined): boolean {
    if (!node || isFunctionLiteral(node) || node.type === 'ThisExpression') return true;
    return this.#isOwnFunction(node, new Map());
  }
}

/** The name of a property; undefined for one that the text does not tell. */
function keyOf({ key, computed }: { readonly key: AnyNode; readonly computed: boolean }): string | undefined {
  if (key.type === 'Literal') return String(key.value);
  if (key.type === 'PrivateIdentifier') return `#${key.name}`;
  return key.type === 'Identifier' && !computed ? key.name : undefined;
}

/** The mark by which CommonJS code tells modules that were compiled from ES modules. */
function asksForModuleKind(node: AnyNode): boolean {
  if (node.type !== 'MemberExpression' || node.computed || node.object.type !== 'Identifier') return false;
  return node.property.type === 'Identifier' && node.property.name === '__esModule';
}
