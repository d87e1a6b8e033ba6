import type {
  ExportDefaultDeclaration,
  ExportNamedDeclaration,
  ImportDeclaration,
  Node,
  Program,
  Statement,
} from 'oxc-parser';
import { type Load, loadsIn } from './loads.ts';
import { type NestedCallee, nestedCalleesIn } from './nested-callees.ts';
import { lastAtMost } from './pieces.ts';
import { type Binding, type Scopes, scopesOf } from './scopes.ts';
import { isFunction, parseSource, type Syntax, withoutTypes } from './syntax-tree.ts';

/** A declaration or statement at the top level of a module; of several declarators each is one. */
export interface Item {
  readonly node: Node;
  readonly start: number;
  readonly end: number;
  /** Words in front of the text: the `const` of a declarator. */
  readonly prefix: string;
  /** True when it stands for its effect alone; otherwise for the names that it declares. */
  readonly isStatement: boolean;
  /** True when it runs no code and is there before all other code. */
  readonly isHoisted: boolean;
  /** True when evaluating it runs no code of anybody. */
  readonly isInert: boolean;
  /** The names of the top level that it uses, in the order of the text. */
  readonly uses: Binding[];
  /** The modules that it loads while it runs. */
  readonly loads: Load[];
}

/** A name that a module imports or exports again. */
export interface Link {
  readonly source: Source;
  /** `*` for all names. */
  readonly imported: string;
  /** The name here. */
  readonly name: string;
}

/** A statement that names another module. */
export interface Source {
  readonly specifier: string;
  readonly start: number;
  readonly end: number;
  /** `with { … }`, as written. */
  readonly attributes: string;
}

/** Declarations, imports, exports and statements of a module, with the names that they use. */
export interface Outline {
  readonly file: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: Syntax['comments'];
  readonly scopes: Scopes;
  /** True when it is taken as a whole, as CommonJS is. */
  readonly isWhole: boolean;
  readonly isCommonJs: boolean;
  readonly items: readonly Item[];
  readonly bareImports: readonly Source[];
  readonly imports: ReadonlyMap<Binding, Link>;
  /** Exports that are declared here; `default` of an expression has no name. */
  readonly exports: ReadonlyMap<string, Binding | Item>;
  readonly exportedAgain: ReadonlyMap<string, Link>;
  readonly stars: readonly Source[];
  readonly nestedCallees: readonly NestedCallee[];
  /** Items that declare a name. */
  itemsOf(binding: Binding): readonly Item[];
  itemAt(offset: number): Item | undefined;
}

/** Creates the outline of a source file. Throws `capture_failed` for one that cannot be parsed. */
export function outlineOf(file: string, text: string): Outline {
  const syntax = parseSource(file, text);
  return new OutlineReader(file, text, syntax).read();
}

class OutlineReader {
  readonly #file: string;
  readonly #text: string;
  readonly #syntax: Syntax;
  readonly #scopes: Scopes;
  readonly #items: Item[] = [];
  readonly #bareImports: Source[] = [];
  readonly #imports = new Map<Binding, Link>();
  readonly #exports = new Map<string, Binding | Item>();
  readonly #exportedAgain = new Map<string, Link>();
  readonly #stars: Source[] = [];

  constructor(file: string, text: string, syntax: Syntax) {
    this.#file = file;
    this.#text = text;
    this.#syntax = syntax;
    this.#scopes = scopesOf(syntax.program);
  }

  read(): Outline {
    const { program, comments } = this.#syntax;
    const isCommonJs = this.#isCommonJs();
    const isWhole = isCommonJs || /\.[jt]sx$/.test(this.#file);
    if (isWhole) this.#whole(program);
    else for (const statement of program.body) this.#statement(statement as Statement);
    const items = this.#items;
    const starts = items.map(({ start }) => start);
    const itemAt = (offset: number): Item | undefined => {
      const found = items[lastAtMost(starts, offset)];
      return found && offset < found.end ? found : undefined;
    };
    const nestedCallees = nestedCalleesIn(this.#scopes, this.#imports);
    this.#addUses(itemAt);
    return {
      file: this.#file,
      text: this.#text,
      program,
      comments,
      scopes: this.#scopes,
      isWhole,
      isCommonJs,
      items,
      bareImports: this.#bareImports,
      imports: this.#imports,
      exports: this.#exports,
      exportedAgain: this.#exportedAgain,
      stars: this.#stars,
      nestedCallees,
      itemsOf: ({ declarations }) =>
        declarations.flatMap((node) => itemAt(node.start) ?? []).filter((item) => !item.isStatement),
      itemAt,
    };
  }

  #isCommonJs(): boolean {
    if (/\.c[jt]s$/.test(this.#file)) return true;
    if (/\.m[jt]s$/.test(this.#file)) return false;
    const { body } = this.#syntax.program;
    if (body.some(({ type }) => type === 'TSExportAssignment')) return true;
    // @spec DML-EXE-0535
    if (body.some(({ type }) => type.startsWith('Export'))) return false;
    return this.#scopes.free.has('module') || this.#scopes.free.has('exports');
  }

  #whole(program: Program): void {
    const { start, end } = program;
    this.#items.push(item(program, { start, end, isStatement: true }));
  }

  #statement(statement: Statement): void {
    switch (statement.type) {
      case 'ImportDeclaration':
        return this.#import(statement);
      case 'ExportAllDeclaration': {
        if (statement.exportKind === 'type') return;
        const source = this.#source(statement);
        if (!statement.exported) this.#stars.push(source);
        else {
          const name = exportedName(statement.exported);
          this.#exportedAgain.set(name, { source, imported: '*', name });
        }
        return;
      }
      case 'ExportNamedDeclaration':
        return this.#export(statement);
      case 'ExportDefaultDeclaration':
        return this.#exportDefault(statement);
      default:
        this.#declaration(statement);
    }
  }

  #import(statement: ImportDeclaration): void {
    if (statement.importKind === 'type') return;
    const source = this.#source(statement);
    if (statement.specifiers.length === 0) this.#bareImports.push(source);
    for (const specifier of statement.specifiers) {
      if (specifier.type === 'ImportSpecifier' && specifier.importKind === 'type') continue;
      const name = specifier.local.name;
      const binding = this.#scopes.top.get(name);
      const imported =
        specifier.type === 'ImportSpecifier'
          ? exportedName(specifier.imported)
          : specifier.type === 'ImportDefaultSpecifier'
            ? 'default'
            : '*';
      if (binding) this.#imports.set(binding, { source, imported, name });
    }
  }

  #export(statement: ExportNamedDeclaration): void {
    if (statement.exportKind === 'type') return;
    const { declaration } = statement;
    if (declaration) {
      if ('declare' in declaration && declaration.declare) return;
      this.#declaration(declaration);
      for (const [name, { declarations }] of this.#scopes.top)
        if (declarations.some(({ start }) => declaration.start <= start && start < declaration.end))
          this.#exportBinding(name, name);
      return;
    }
    const source = statement.source && this.#source(statement as { source: { value: string } } & Node);
    for (const specifier of statement.specifiers) {
      if (specifier.exportKind === 'type') continue;
      const [local, name] = [exportedName(specifier.local), exportedName(specifier.exported)];
      if (source) this.#exportedAgain.set(name, { source, imported: local, name });
      else this.#exportBinding(local, name);
    }
  }

  #exportBinding(local: string, name: string): void {
    const binding = this.#scopes.top.get(local);
    if (binding) this.#exports.set(name, binding);
  }

  #exportDefault(statement: ExportDefaultDeclaration): void {
    const { declaration, start, end } = statement;
    if (declaration.type === 'TSInterfaceDeclaration') return;
    const name =
      'id' in declaration && declaration.id ? (declaration.id as { name: string }).name : undefined;
    const binding = name !== undefined && isDeclared(declaration) ? this.#scopes.top.get(name) : undefined;
    if (binding) {
      this.#declaration(declaration as Statement);
      this.#exports.set('default', binding);
      return;
    }
    const isHoisted = declaration.type === 'FunctionDeclaration';
    const made = item(statement, { start, end, isHoisted, isInert: isHoisted || isInert(declaration) });
    this.#items.push(made);
    this.#exports.set('default', made);
  }

  #declaration(node: Statement): void {
    if ('declare' in node && node.declare) return;
    const { start, end } = node;
    switch (node.type) {
      case 'EmptyStatement':
      case 'TSInterfaceDeclaration':
      case 'TSTypeAliasDeclaration':
      case 'TSDeclareFunction':
        return;
      case 'VariableDeclaration': {
        if (node.kind.includes('using')) break;
        for (const one of node.declarations)
          this.#items.push(
            item(one, {
              start: one.start,
              end: one.end,
              prefix: `${node.kind} `,
              isInert: one.id.type === 'Identifier' && (!one.init || isInert(one.init)),
            }),
          );
        return;
      }
      case 'FunctionDeclaration':
        this.#items.push(item(node, { start, end, isHoisted: true, isInert: true }));
        return;
      case 'ClassDeclaration':
        this.#items.push(item(node, { start: startOf(node), end, isInert: isInert(node) }));
        return;
      case 'TSEnumDeclaration':
      case 'TSModuleDeclaration':
      case 'TSImportEqualsDeclaration':
        this.#items.push(item(node, { start, end }));
        return;
      case 'ExpressionStatement':
        if ('directive' in node && node.directive !== null) return;
        break;
    }
    this.#items.push(item(node, { start, end, isStatement: true }));
  }

  #source({ start, end, ...rest }: Node & { readonly source: { readonly value: string } }): Source {
    const specifier = rest.source.value;
    const { attributes = [] } = rest as { attributes?: readonly { start: number; end: number }[] };
    const [first, last] = [attributes[0], attributes.at(-1)];
    const words = first && last ? ` with { ${this.#text.slice(first.start, last.end)} }` : '';
    return { specifier, start, end, attributes: words };
  }

  #addUses(itemAt: (offset: number) => Item | undefined): void {
    const found: [number, Item, Binding][] = [];
    for (const binding of this.#scopes.top.values()) {
      for (const { node } of binding.references) {
        const user = itemAt(node.start);
        if (user) found.push([node.start, user, binding]);
      }
    }
    for (const [, user, binding] of found.sort((a, b) => a[0] - b[0])) user.uses.push(binding);
    for (const one of this.#items) one.loads.push(...loadsIn(one.node, this.#scopes));
  }
}

function item(
  node: Node,
  {
    start,
    end,
    ...rest
  }: Pick<Item, 'start' | 'end'> & Partial<Pick<Item, 'prefix' | 'isStatement' | 'isHoisted' | 'isInert'>>,
): Item {
  return {
    node,
    start,
    end,
    prefix: '',
    isStatement: false,
    isHoisted: false,
    isInert: false,
    uses: [],
    loads: [],
    ...rest,
  };
}

function exportedName(node: {
  readonly type: string;
  readonly name?: string;
  readonly value?: string;
}): string {
  return (node.type === 'Literal' ? node.value : node.name) as string;
}

function isDeclared({ type }: Node): boolean {
  return type === 'FunctionDeclaration' || type === 'ClassDeclaration';
}

/** Decorators may stand before the class. */
function startOf(node: Node & { readonly decorators?: readonly Node[] }): number {
  return Math.min(node.start, ...(node.decorators ?? []).map(({ start }) => start));
}

/** Checks whether evaluating an expression or a class runs no code of anybody. */
function isInert(given: Node): boolean {
  const node = withoutTypes(given);
  if (isFunction(node) || (node.type === 'Literal' && !('regex' in node))) return true;
  if (node.type !== 'ClassDeclaration' && node.type !== 'ClassExpression') return false;
  if (node.superClass || (node.decorators ?? []).length > 0) return false;
  return node.body.body.every(
    (member) =>
      member.type === 'MethodDefinition' && !member.computed && (member.decorators ?? []).length === 0,
  );
}
