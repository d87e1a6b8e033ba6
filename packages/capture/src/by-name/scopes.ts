import type { Node, Program } from 'oxc-parser';
import { forEachChild } from './syntax-tree.ts';

type Identifier = Node & { readonly type: 'Identifier' };

/** A name that code declares, with every place that uses it. */
export interface Binding {
  readonly name: string;
  readonly kind: 'variable' | 'function' | 'class' | 'parameter' | 'import';
  /** Declaration: a function, a class, a declarator or an import specifier. */
  readonly declaration: Node;
  /** All that declare it, in the order of the text: `var` and functions may declare a name repeatedly. */
  readonly declarations: readonly Node[];
  readonly references: Reference[];
}

/** A place where a name is used, with the two nodes around it. */
export interface Reference {
  readonly node: Identifier;
  readonly parent: Node;
  readonly grandparent: Node | undefined;
}

/** Bindings and uses of the names of a module. */
export interface Scopes {
  readonly bindings: readonly Binding[];
  /** Uses of names that the module does not declare, by name. */
  readonly free: ReadonlyMap<string, readonly Reference[]>;
  /** The names that the module declares at its top level. */
  readonly top: ReadonlyMap<string, Binding>;
  /** Returns the binding that an identifier refers to; undefined for a free one. */
  bindingOf(identifier: Node): Binding | undefined;
}

/** Creates the table of which declaration each name of a module refers to. Linear in the size of the module. */
export function scopesOf(program: Program): Scopes {
  const resolver = new Resolver();
  resolver.enter(program);
  return resolver;
}

type OpenBinding = Binding & { readonly declarations: Node[] };
type Scope = Map<string, OpenBinding>;
type FunctionNode = Extract<Node, { readonly params: readonly Node[]; readonly body: unknown }>;

class Resolver implements Scopes {
  readonly bindings: Binding[] = [];
  readonly free = new Map<string, Reference[]>();
  readonly top: Scope = new Map();
  readonly #byIdentifier = new Map<Node, Binding>();
  readonly #scopes: Scope[] = [];
  readonly #around: Node[] = [];

  bindingOf(identifier: Node): Binding | undefined {
    return this.#byIdentifier.get(identifier);
  }

  enter(program: Program): void {
    this.#scopes.push(this.top);
    this.#hoistVariables(program);
    this.#hoistBlock(program.body);
    this.#children(program);
    this.#scopes.pop();
  }

  readonly #visitChild = (child: Node): void => this.#visit(child);

  #visit(node: Node): void {
    switch (node.type) {
      case 'Identifier':
        return this.#refer(node);
      case 'MemberExpression':
        this.#below(node, node.object);
        if (node.computed) this.#below(node, node.property);
        return;
      case 'Property':
      case 'MethodDefinition':
      case 'PropertyDefinition':
      case 'AccessorProperty':
        this.#decorators(node);
        if (node.computed) this.#below(node, node.key);
        if (node.value) this.#below(node, node.value);
        return;
      case 'TSEmptyBodyFunctionExpression':
        return;
      case 'TSEnumDeclaration':
        return this.#within(() => {
          for (const { id } of node.body.members)
            if (id.type === 'Identifier') this.#declare(id, 'variable', node);
          for (const { initializer } of node.body.members) if (initializer) this.#below(node, initializer);
        });
      case 'TSModuleDeclaration':
        if (node.body) this.#below(node, node.body);
        return;
      case 'TSQualifiedName':
        return this.#below(node, node.left);
      case 'LabeledStatement':
        return this.#below(node, node.body);
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
      case 'ExportAllDeclaration':
      case 'ImportDeclaration':
        return;
      case 'ExportNamedDeclaration':
        if (node.exportKind === 'type') return;
        if (node.declaration) this.#below(node, node.declaration);
        if (node.source) return;
        for (const specifier of node.specifiers) this.#below(specifier, specifier.local as Node);
        return;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return this.#function(node);
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#decorators(node);
        return this.#within(() => {
          if (node.type === 'ClassExpression' && node.id) this.#declare(node.id, 'class', node);
          if (node.superClass) this.#below(node, node.superClass);
          this.#below(node, node.body);
        });
      case 'StaticBlock':
      case 'TSModuleBlock':
      case 'BlockStatement':
        return this.#within(() => {
          if (node.type !== 'BlockStatement') this.#hoistVariables(node);
          this.#hoistBlock(node.body);
          this.#children(node);
        });
      case 'SwitchStatement':
        this.#below(node, node.discriminant);
        return this.#within(() => {
          this.#hoistBlock(node.cases.flatMap((one) => one.consequent));
          for (const one of node.cases) this.#below(node, one);
        });
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        return this.#within(() => {
          const head = node.type === 'ForStatement' ? node.init : node.left;
          if (head) this.#hoistBlock([head]);
          this.#children(node);
        });
      case 'CatchClause':
        return this.#within(() => {
          if (node.param) this.#declarePattern(node.param, 'parameter', node);
          this.#children(node);
        });
    }
    this.#children(node);
  }

  /** Visits parameters, then the body in a scope of its own, which the defaults of parameters do not see. */
  #function(node: FunctionNode): void {
    this.#within(() => {
      if (node.type === 'FunctionExpression' && node.id) this.#declare(node.id, 'function', node);
      this.#scopes.push(new Map());
      for (const parameter of node.params) this.#declarePattern(parameter, 'parameter', node);
      for (const parameter of node.params) {
        this.#decorators(parameter);
        this.#below(node, parameter);
      }
      this.#scopes.push(new Map());
      if (node.body?.type === 'BlockStatement') {
        this.#hoistVariables(node.body);
        this.#hoistBlock(node.body.body);
        for (const statement of node.body.body) this.#below(node, statement);
      } else if (node.body) this.#below(node, node.body);
      this.#scopes.pop();
      this.#scopes.pop();
    });
  }

  #decorators(node: Node): void {
    if (!('decorators' in node)) return;
    for (const decorator of node.decorators ?? []) this.#below(node, decorator);
  }

  #children(node: Node): void {
    this.#around.push(node);
    forEachChild(node, this.#visitChild);
    this.#around.pop();
  }

  #below(node: Node, child: Node): void {
    this.#around.push(node);
    this.#visit(child);
    this.#around.pop();
  }

  #within(body: () => void): void {
    this.#scopes.push(new Map());
    body();
    this.#scopes.pop();
  }

  /** Declares what `var` declares anywhere in the statements of a function, and what a module imports. */
  #hoistVariables(node: Node): void {
    forEachChild(node, (child) => {
      switch (child.type) {
        case 'VariableDeclaration':
          if (child.kind === 'var') this.#declareVariables(child);
          this.#hoistVariables(child);
          break;
        case 'ImportDeclaration':
          if (child.importKind === 'type') break;
          for (const specifier of child.specifiers) this.#declare(specifier.local, 'import', specifier);
          break;
        case 'FunctionDeclaration':
        case 'FunctionExpression':
        case 'ArrowFunctionExpression':
        case 'ClassDeclaration':
        case 'ClassExpression':
        case 'TSModuleDeclaration':
          break;
        default:
          this.#hoistVariables(child);
      }
    });
  }

  /** Declares what the statements of one block declare for that block. */
  #hoistBlock(statements: readonly Node[]): void {
    for (const statement of statements) {
      const declaration =
        (statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration') &&
        statement.declaration
          ? (statement.declaration as Node)
          : statement;
      if (declaration.type === 'VariableDeclaration') {
        if (declaration.kind !== 'var') this.#declareVariables(declaration);
      } else if (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration') {
        const kind = declaration.type === 'ClassDeclaration' ? 'class' : 'function';
        if (declaration.id) this.#declare(declaration.id, kind, declaration);
      } else if (
        declaration.type === 'TSEnumDeclaration' ||
        declaration.type === 'TSModuleDeclaration' ||
        declaration.type === 'TSImportEqualsDeclaration'
      ) {
        let id: Node = declaration.id;
        while (id.type === 'TSQualifiedName') id = id.left;
        if (id.type === 'Identifier') this.#declare(id, 'variable', declaration);
      }
    }
  }

  #declareVariables(node: Node & { type: 'VariableDeclaration' }): void {
    for (const declarator of node.declarations) this.#declarePattern(declarator.id, 'variable', declarator);
  }

  #declarePattern(pattern: Node, kind: Binding['kind'], declaration: Node): void {
    switch (pattern.type) {
      case 'Identifier':
        return this.#declare(pattern, kind, declaration);
      case 'AssignmentPattern':
        return this.#declarePattern(pattern.left, kind, declaration);
      case 'RestElement':
        return this.#declarePattern(pattern.argument, kind, declaration);
      case 'TSParameterProperty':
        return this.#declarePattern(pattern.parameter, kind, declaration);
      case 'ArrayPattern':
        for (const element of pattern.elements) {
          if (element) this.#declarePattern(element, kind, declaration);
        }
        return;
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          const target = property.type === 'RestElement' ? property : property.value;
          this.#declarePattern(target, kind, declaration);
        }
    }
  }

  #declare(identifier: Identifier, kind: Binding['kind'], declaration: Node): void {
    const scope = this.#scopes.at(-1) as Scope;
    let binding = scope.get(identifier.name);
    if (!binding) {
      binding = { name: identifier.name, kind, declaration, declarations: [], references: [] };
      scope.set(identifier.name, binding);
      this.bindings.push(binding);
    }
    binding.declarations.push(declaration);
    this.#byIdentifier.set(identifier, binding);
  }

  #refer(node: Identifier): void {
    // The identifier that declares a name is no use of it.
    if (this.#byIdentifier.has(node)) return;
    const parent = this.#around.at(-1) as Node;
    const reference: Reference = { node, parent, grandparent: this.#around.at(-2) };
    for (let index = this.#scopes.length - 1; index >= 0; index--) {
      const binding = this.#scopes[index]?.get(node.name);
      if (!binding) continue;
      binding.references.push(reference);
      this.#byIdentifier.set(node, binding);
      return;
    }
    const uses = this.free.get(node.name);
    if (uses) uses.push(reference);
    else this.free.set(node.name, [reference]);
  }
}
