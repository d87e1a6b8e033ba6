import type { AnyNode } from 'acorn';
import {
  globalPath,
  listMethods,
  nameIn,
  plainPaths,
  primitiveFunctions,
  primitivePaths,
  pureConstructors,
  pureFunctions,
  readingFunctions,
  readingMethods,
  speakingKeys,
  standardGlobals,
  textMethods,
} from './built-in-code.ts';
import { type Binding, isAssignment, isConstant, type Reference, type Scopes } from './scopes.ts';

/**
 * Tells whether making a value does nothing but make it, so that it may be left out when nobody needs the value.
 *
 * Values of unknown code count as doing more, and so does whatever converts or iterates a value or reads its
 * properties, unless the value is known to hold no code that would run then. `isHarmless` tells more calls and
 * properties that do nothing else.
 */
export function mayBeDropped(node: AnyNode, scopes: Scopes, isHarmless: (node: AnyNode) => boolean): boolean {
  return new Purity(scopes, isHarmless).isPure(node);
}

/** An expression that makes a function or class. */
export function isFunctionLiteral(node: AnyNode | null | undefined): boolean {
  return node ? /^(Function|ArrowFunction|Class)Expression$/.test(node.type) : false;
}

const never = (): boolean => false;

/** What is known of the values of constants, which does not depend on who asks. */
const knownConstants = new WeakMap<Binding, Map<string, boolean>>();

class Purity {
  readonly #scopes: Scopes;
  readonly #isHarmless: (node: AnyNode) => boolean;

  constructor(scopes: Scopes, isHarmless: (node: AnyNode) => boolean) {
    this.#scopes = scopes;
    this.#isHarmless = isHarmless;
  }

  readonly isPure = (node: AnyNode): boolean => {
    switch (node.type) {
      case 'Literal':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return true;
      case 'Identifier':
        return this.#scopes.bindingOf(node) !== undefined || standardGlobals.test(node.name);
      case 'TemplateLiteral':
      case 'UnaryExpression':
      case 'BinaryExpression':
        return this.#isPrimitive(node);
      case 'ArrayExpression':
        return node.elements.every((one) => one === null || this.isPure(one));
      case 'SpreadElement':
        return this.#isList(node.argument);
      case 'ObjectExpression':
        return node.properties.every((property) =>
          property.type === 'SpreadElement'
            ? this.#hasPlainProperties(property.argument)
            : (!property.computed || this.#isKey(property.key)) && this.isPure(property.value),
        );
      case 'LogicalExpression':
        return this.isPure(node.left) && this.isPure(node.right);
      case 'ConditionalExpression':
        return [node.test, node.consequent, node.alternate].every(this.isPure);
      case 'ClassExpression':
        return (
          (!node.superClass || this.#isClass(node.superClass)) && node.body.body.every(this.#isPureMember)
        );
      case 'MemberExpression':
        return this.#isHarmless(node) || plainPaths.test(globalPath(node, this.#scopes) ?? '');
      case 'NewExpression':
        return this.#isPureConstruction(node);
      case 'CallExpression':
        return this.#isHarmless(node) ? node.arguments.every(this.isPure) : this.#isPureCall(node);
      default:
        return false;
    }
  };

  readonly #isPureMember = (member: AnyNode): boolean => {
    switch (member.type) {
      case 'StaticBlock':
        return member.body.every(
          (one) => one.type === 'ExpressionStatement' && this.#isHarmlessOnThis(one.expression),
        );
      case 'MethodDefinition':
        return !member.computed || this.#isKey(member.key);
      case 'PropertyDefinition':
        if (member.computed && !this.#isKey(member.key)) return false;
        return !member.static || !member.value || this.isPure(member.value);
      default:
        return false;
    }
  };

  #isHarmlessOnThis(node: AnyNode): boolean {
    if (node.type !== 'CallExpression' || !this.#isHarmless(node)) return false;
    return node.arguments.every((one) => one.type === 'ThisExpression' || this.isPure(one));
  }

  /** What a class may extend without any code running. */
  #isClass(node: AnyNode): boolean {
    const binding = node.type === 'Identifier' ? this.#scopes.bindingOf(node) : undefined;
    if (!binding || !isConstant(binding)) return false;
    if (binding.kind === 'class' || binding.kind === 'import') return true;
    const { declaration } = binding;
    if (declaration.type === 'FunctionDeclaration') return !declaration.async && !declaration.generator;
    const init = declaration.type === 'VariableDeclarator' ? declaration.init : undefined;
    if (init?.type === 'ClassExpression') return true;
    // Where a call gives the class its name.
    return (
      init?.type === 'CallExpression' &&
      this.#isHarmless(init) &&
      init.arguments[0]?.type === 'ClassExpression'
    );
  }

  /** Made without other effects, and neither an object, a symbol nor a big integer: safe to convert. */
  readonly #isPrimitive = (node: AnyNode): boolean => {
    switch (node.type) {
      case 'Literal':
        return !('regex' in node && node.regex) && typeof node.value !== 'bigint';
      case 'Identifier':
        if (this.#scopes.bindingOf(node) === undefined) return /^(undefined|NaN|Infinity)$/.test(node.name);
        return this.#isConstantOf('primitive', node, (init, purity) => purity.#isPrimitive(init));
      case 'TemplateLiteral':
        return node.expressions.every(this.#isPrimitive);
      case 'UnaryExpression':
        if (/^(!|void|typeof)$/.test(node.operator)) return this.isPure(node.argument);
        return node.operator !== 'delete' && this.#isPrimitive(node.argument);
      case 'BinaryExpression': {
        if (/^[!=]==$/.test(node.operator))
          return this.isPure(node.left as AnyNode) && this.isPure(node.right);
        if (/^in(stanceof)?$/.test(node.operator)) return false;
        return this.#isPrimitive(node.left as AnyNode) && this.#isPrimitive(node.right);
      }
      case 'LogicalExpression':
        return this.#isPrimitive(node.left) && this.#isPrimitive(node.right);
      case 'ConditionalExpression':
        return (
          this.isPure(node.test) && this.#isPrimitive(node.consequent) && this.#isPrimitive(node.alternate)
        );
      case 'MemberExpression':
        return primitivePaths.test(globalPath(node, this.#scopes) ?? '');
      case 'CallExpression':
        return primitiveFunctions.test(globalPath(node.callee, this.#scopes) ?? '') && this.#isPureCall(node);
      default:
        return false;
    }
  };

  /** What may be the key of a property without being converted by unknown code. */
  readonly #isKey = (node: AnyNode): boolean => {
    if (node.type === 'MemberExpression' && /^Symbol\.\w+$/.test(globalPath(node, this.#scopes) ?? ''))
      return true;
    if (
      node.type === 'CallExpression' &&
      /^Symbol(\.for)?$/.test(globalPath(node.callee, this.#scopes) ?? '')
    )
      return this.#isPureCall(node);
    if (node.type === 'Identifier' && this.#scopes.bindingOf(node))
      return this.#isConstantOf('key', node, (init, purity) => purity.#isKey(init));
    return this.#isPrimitive(node);
  };

  /** Made without other effects, and free of code all the way down. */
  readonly #isData = (node: AnyNode): boolean => {
    if (node.type === 'Literal') return true;
    if (node.type === 'ArrayExpression')
      return node.elements.every((one) => one === null || this.#isData(one));
    if (node.type === 'ObjectExpression') return this.#hasPlainKeys(node, this.#isData);
    return this.#isPrimitive(node) || this.#isOwnTable(node);
  };

  /** Made without other effects, and of properties that reading yields without running code. */
  #hasPlainProperties(node: AnyNode): boolean {
    if (node.type === 'ArrayExpression') return this.isPure(node);
    if (node.type === 'ObjectExpression') return this.#hasPlainKeys(node, this.isPure);
    return this.#isOwnTable(node);
  }

  #hasPlainKeys(node: AnyNode & { type: 'ObjectExpression' }, isPlain: (node: AnyNode) => boolean): boolean {
    return node.properties.every((property) => {
      if (property.type !== 'Property' || property.kind !== 'init' || property.computed) return false;
      const name = property.key.type === 'Literal' ? String(property.key.value) : nameIn(property.key);
      return name !== undefined && !speakingKeys.test(name) && isPlain(property.value);
    });
  }

  /** Made without other effects, and safe to iterate. */
  readonly #isList = (node: AnyNode): boolean => {
    switch (node.type) {
      case 'ArrayExpression':
        return this.isPure(node);
      case 'Literal':
        return typeof node.value === 'string';
      case 'NewExpression':
        return /^(Map|Set|Array)$/.test(globalPath(node.callee, this.#scopes) ?? '') && this.isPure(node);
      case 'CallExpression':
        if (node.callee.type === 'MemberExpression' && nameIn(node.callee.property) === 'split')
          return this.#isPureCall(node);
        return (
          /^(Array\.(of|from)|Object\.(entries|keys|values))$/.test(
            globalPath(node.callee, this.#scopes) ?? '',
          ) && this.#isPureCall(node)
        );
      case 'Identifier':
        return this.#isOwnTable(node, 'ArrayExpression');
      default:
        return false;
    }
  };

  /** Made without other effects, and safe to be taken as a list of keys and values. */
  #isListOfPairs(node: AnyNode, isKey: (node: AnyNode) => boolean): boolean {
    if (node.type === 'ArrayExpression')
      return node.elements.every((pair) => {
        if (pair?.type !== 'ArrayExpression' || !this.isPure(pair)) return false;
        const [key] = pair.elements;
        return key !== undefined && key !== null && key.type !== 'SpreadElement' && isKey(key);
      });
    if (node.type !== 'CallExpression' || globalPath(node.callee, this.#scopes) !== 'Object.entries')
      return false;
    return this.#isPureCall(node);
  }

  /** A constant that holds an array or object of simple values which no other code gets hold of. */
  #isOwnTable(node: AnyNode, type?: string): boolean {
    if (node.type !== 'Identifier' || !this.#scopes.bindingOf(node)) return false;
    return this.#isConstantOf(`table ${type ?? ''}`, node, (init, purity, { references }) => {
      if (type !== undefined && init.type !== type) return false;
      const isTable =
        init.type === 'ArrayExpression'
          ? init.elements.every((one) => one !== null && purity.#isPrimitive(one))
          : init.type === 'ObjectExpression' && purity.#hasPlainKeys(init, purity.#isPrimitive);
      return isTable && references.every((use) => purity.#isReading(use));
    });
  }

  /** Whether a use of a table leaves it as it is and passes it on to nobody. */
  #isReading({ node, parent, grandparent }: Reference): boolean {
    switch (parent.type) {
      case 'MemberExpression': {
        if (parent.object !== node || !grandparent) return false;
        if (isAssignment({ node: parent as never, parent: grandparent, grandparent: undefined }))
          return false;
        if (grandparent.type === 'Property' || grandparent.type === 'TaggedTemplateExpression') return false;
        if (grandparent.type === 'UnaryExpression') return grandparent.operator !== 'delete';
        if (grandparent.type !== 'CallExpression' || grandparent.callee !== parent) return true;
        return !parent.computed && readingMethods.test(nameIn(parent.property) ?? '');
      }
      case 'SpreadElement':
        return true;
      case 'ForOfStatement':
        return parent.right === node;
      case 'NewExpression':
        return parent.callee !== node && /^Set$/.test(globalPath(parent.callee, this.#scopes) ?? '');
      case 'CallExpression':
        return parent.callee !== node && readingFunctions.test(globalPath(parent.callee, this.#scopes) ?? '');
      default:
        return false;
    }
  }

  #isConstantOf(
    question: string,
    node: AnyNode,
    test: (init: AnyNode, purity: Purity, binding: Binding) => boolean,
  ): boolean {
    const binding = this.#scopes.bindingOf(node);
    const declaration = binding?.declaration;
    if (!binding || declaration?.type !== 'VariableDeclarator') return false;
    const known = knownConstants.get(binding) ?? new Map<string, boolean>();
    knownConstants.set(binding, known);
    const before = known.get(question);
    if (before !== undefined) return before;
    // Constants that are made of each other.
    known.set(question, false);
    const { id, init } = declaration;
    const isSo =
      id.type === 'Identifier' &&
      !!init &&
      isConstant(binding) &&
      test(init, new Purity(this.#scopes, never), binding);
    known.set(question, isSo);
    return isSo;
  }

  #isPureConstruction({ callee, arguments: all }: AnyNode & { type: 'NewExpression' }): boolean {
    const name = globalPath(callee, this.#scopes);
    const [first] = all;
    switch (name) {
      case undefined:
        return false;
      case 'Map':
        return !first || (all.length === 1 && this.#isListOfPairs(first, this.isPure));
      case 'Set':
        return !first || (all.length === 1 && this.#isList(first));
      case 'WeakMap':
      case 'WeakSet':
        return !first;
      case 'Array':
        return all.every(this.isPure);
      default:
        if (!pureConstructors.test(name)) return false;
        return all.every(
          (one) => this.#isData(one) || (one.type === 'NewExpression' && this.#isBase(one, name)),
        );
    }
  }

  /** An object that another built-in one is made of, made right there. */
  #isBase(node: AnyNode & { type: 'NewExpression' }, user: string): boolean {
    const name = globalPath(node.callee, this.#scopes) ?? '';
    const isFit = /Array$|^DataView$/.test(user)
      ? name === 'ArrayBuffer'
      : /^(URL|Date)$/.test(user) && name === user;
    return isFit && this.#isPureConstruction(node);
  }

  #isPureCall({ callee, arguments: all }: AnyNode & { type: 'CallExpression' }): boolean {
    const [first] = all;
    const name = globalPath(callee, this.#scopes);
    switch (name) {
      case undefined:
        return this.#isTextCall(callee, all);
      case 'Array.of':
      case 'Boolean':
        return all.every(this.isPure);
      case 'Array.from':
        return first !== undefined && all.length === 1 && (this.#isList(first) || this.#isData(first));
      case 'JSON.stringify':
        return all.every(this.#isData);
      case 'Object.create':
        return all.length === 1 && first?.type === 'Literal' && first.value === null;
      case 'Object.entries':
      case 'Object.keys':
      case 'Object.values':
        return first !== undefined && all.length === 1 && this.#hasPlainProperties(first);
      case 'Object.fromEntries':
        return first !== undefined && all.length === 1 && this.#isListOfPairs(first, this.#isKey);
      case 'Object.freeze':
      case 'Object.seal':
        return first !== undefined && all.length === 1 && this.#isMadeHere(first) && this.isPure(first);
      default:
        return pureFunctions.test(name) && all.every(this.#isPrimitive);
    }
  }

  #isTextCall(callee: AnyNode, all: readonly AnyNode[]): boolean {
    if (callee.type !== 'MemberExpression' || callee.computed) return false;
    const { object } = callee;
    const isText = object.type === 'Literal' && typeof object.value === 'string';
    const isList =
      object.type === 'ArrayExpression' && object.elements.every((one) => one?.type === 'Literal');
    const methods = isText ? textMethods : listMethods;
    return (
      (isText || isList) &&
      methods.test(nameIn(callee.property) ?? '') &&
      all.every((one) => this.#isData(one))
    );
  }

  /** An object that did not exist before. */
  #isMadeHere(node: AnyNode): boolean {
    if (/^(Array|Object)Expression$/.test(node.type) || isFunctionLiteral(node)) return true;
    if (node.type === 'NewExpression')
      return /^(Map|Set|Array)$/.test(globalPath(node.callee, this.#scopes) ?? '');
    if (node.type !== 'CallExpression') return false;
    if (this.#isHarmless(node)) return isFunctionLiteral(node.arguments[0]);
    return globalPath(node.callee, this.#scopes) !== undefined;
  }
}
