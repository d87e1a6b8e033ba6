import { isBuiltin } from 'node:module';
import type { Node } from 'oxc-parser';
import { loadAt } from './loads.ts';
import type { Outline, Source } from './outline.ts';
import type { ReachedModule } from './own-modules.ts';
import type { Binding } from './scopes.ts';
import { forEachChild, withoutTypes } from './syntax-tree.ts';

/** A use of a global, of a built-in module or of `import.meta`; `path` begins with its name. */
export interface OutsideUse {
  readonly path: string;
  /** The built-in module, without `node:`; undefined for a global. */
  readonly module: string | undefined;
  readonly isCalled: boolean;
  /** True when it is only asked whether it is there. */
  readonly isTypeof: boolean;
  /** True when it is called without arguments. */
  readonly isBare: boolean;
  /** First argument of the call, where that is a text. */
  readonly firstText: string | undefined;
  readonly offset: number;
}

const known = new WeakMap<Outline, readonly OutsideUse[]>();

/** Lists every use of a global, of a name of a built-in module and of `import.meta`. */
function outsideUses(outline: Outline): readonly OutsideUse[] {
  let uses = known.get(outline);
  if (!uses) {
    uses = new UseFinder(outline).find();
    known.set(outline, uses);
  }
  return uses;
}

/** Lists the uses in what is reached of a module, with what it only exports again. */
export function reachedUses(module: ReachedModule): readonly OutsideUse[] {
  return [
    ...outsideUses(module.outline).filter(({ offset }) => module.isReached(offset)),
    ...exportedUses(module),
  ];
}

/** @spec DML-CAP-0929 */
function* exportedUses({ outline, demands, wholeStars }: ReachedModule): Generator<OutsideUse> {
  const { exports, exportedAgain, imports } = outline;
  const useOf = ({ specifier, start }: Source, name: string): OutsideUse[] => {
    const module = builtinName(specifier);
    const path = name === 'default' || name === '*' ? '' : name;
    const use = { isCalled: false, isTypeof: false, isBare: false, firstText: undefined, offset: start };
    return module === undefined ? [] : [{ ...use, path, module }];
  };
  const links = new Map(exportedAgain);
  for (const [name, declared] of exports) {
    const link = 'references' in declared ? imports.get(declared) : undefined;
    if (link) links.set(name, link);
  }
  for (const [name, { source, imported }] of links)
    if (demands.has(name) || demands.has('*')) yield* useOf(source, imported);
  for (const star of wholeStars)
    for (const name of demands) if (!exports.has(name) && !exportedAgain.has(name)) yield* useOf(star, name);
}

export function builtinName(specifier: string): string | undefined {
  return specifier.startsWith('node:') || isBuiltin(specifier) ? specifier.replace(/^node:/, '') : undefined;
}

/** Something from outside: a global, all of them, a built-in module or `import.meta`. */
interface Origin {
  readonly module?: string;
  /** The members that lead to it. */
  readonly members: readonly string[];
}

class UseFinder {
  readonly #outline: Outline;
  readonly #parents = new Map<Node, Node>();
  readonly #followed = new Set<Binding>();
  readonly #uses: OutsideUse[] = [];

  constructor(outline: Outline) {
    this.#outline = outline;
  }

  find(): readonly OutsideUse[] {
    const origins: [Node, Origin][] = [];
    const { program, scopes, imports } = this.#outline;
    const visit = (node: Node): void => {
      const origin = this.#originAt(node);
      if (origin) origins.push([node, origin]);
      forEachChild(node, (child) => {
        this.#parents.set(child, node);
        visit(child);
      });
    };
    visit(program);
    for (const [name, references] of scopes.free)
      for (const { node } of references) this.#use(node, { members: [name] });
    for (const [{ references }, { source, imported: name }] of imports) {
      const module = builtinName(source.specifier);
      if (module === undefined) continue;
      for (const { node } of references) this.#use(node, { module, members: name === '*' ? [] : [name] });
    }
    for (const [node, origin] of origins) this.#use(node, origin);
    return this.#uses;
  }

  #originAt(node: Node): Origin | undefined {
    if (node.type === 'MetaProperty' && node.meta.name === 'import') return { members: ['import.meta'] };
    const load = loadAt(node, this.#outline.scopes);
    const module = load?.specifier === undefined ? undefined : builtinName(load.specifier);
    if (module === undefined || load?.kind === 'import-statement') return undefined;
    return { module, members: [] };
  }

  /** Adds what is read of something: one thing, or several where it is taken apart or gets another name. */
  #use(node: Node, { module, members: before }: Origin): void {
    const members = [...before];
    let top = node;
    let around = this.#parents.get(top);
    const isPromise = node.type === 'ImportExpression' && around?.type !== 'AwaitExpression';
    if (isPromise) return this.#add(node, { ...(module !== undefined && { module }), members });
    for (; around; top = around, around = this.#parents.get(top)) {
      if (withoutTypes(around) === withoutTypes(top) || around.type === 'ChainExpression') continue;
      if (around.type === 'AwaitExpression' && top.type === 'ImportExpression') continue;
      if (around.type !== 'MemberExpression' || around.object !== top) break;
      const name = nameOfKey(around.property, around.computed);
      if (name === undefined) break;
      members.push(name);
    }
    const origin = { ...(module !== undefined && { module }), members };
    if (!around) return this.#add(node, origin);
    if (around.type === 'TSImportEqualsDeclaration') return this.#follow(around.id, node, origin);
    if (around.type === 'VariableDeclarator' && around.init === top)
      return this.#follow(around.id, node, origin);
    this.#add(node, origin, callOf(around, top));
  }

  /**
   * Follows something to the names that a declaration gives it.
   *
   * @spec DML-CAP-0920
   */
  #follow(pattern: Node, place: Node, { module, members }: Origin): void {
    const origin = { ...(module !== undefined && { module }), members };
    if (pattern.type === 'Identifier') {
      const binding = this.#outline.scopes.bindingOf(pattern);
      // Under another name, calls of `require` are no imports any more.
      const isRequire = module === undefined && members.join() === 'require';
      const isKnown = binding !== undefined && !isRequire && !this.#isExported(binding);
      if (!isKnown) this.#add(place, origin);
      if (!binding || isRequire || this.#followed.has(binding)) return;
      this.#followed.add(binding);
      for (const { node } of binding.references) this.#use(node, origin);
      this.#followed.delete(binding);
      return;
    }
    if (pattern.type !== 'ObjectPattern') return this.#add(place, origin);
    for (const property of pattern.properties) {
      const name = property.type === 'Property' ? nameOfKey(property.key, property.computed) : undefined;
      if (property.type !== 'Property' || name === undefined) {
        this.#add(place, origin);
        continue;
      }
      const part = { ...origin, members: [...members, name] };
      this.#add(place, part);
      const value = property.value.type === 'AssignmentPattern' ? property.value.left : property.value;
      if (value.type === 'Identifier') this.#follow(value, place, part);
    }
  }

  #isExported(binding: Binding): boolean {
    return [...this.#outline.exports.values()].includes(binding);
  }

  #add({ start: offset }: Node, { module, members }: Origin, call: Partial<OutsideUse> = {}): void {
    const isGlobalObject = module === undefined && /^global(This)?$/.test(members[0] ?? '');
    const isDefault = module !== undefined && members[0] === 'default';
    const own = isGlobalObject || isDefault ? members.slice(1) : members;
    const isWhole = own.length === 0;
    if (isGlobalObject && isWhole) return;
    // `typeof` asks for nothing but the kind of the value where it is given to a name of its own.
    const isTypeof = call.isTypeof === true && own.length === 1;
    const path = own.join('.');
    this.#uses.push({
      isCalled: false,
      isBare: false,
      firstText: undefined,
      ...call,
      isTypeof,
      path,
      module,
      offset,
    });
  }
}

function nameOfKey(key: Node, isComputed: boolean): string | undefined {
  if (key.type === 'Literal') return String(key.value);
  return key.type === 'Identifier' && !isComputed ? key.name : undefined;
}

/** Returns what is done with a value by the node around it. */
function callOf(around: Node, value: Node): Partial<OutsideUse> {
  if (around.type === 'UnaryExpression') return { isTypeof: around.operator === 'typeof' };
  if (around.type !== 'CallExpression' && around.type !== 'NewExpression') return {};
  if (around.callee !== value) return {};
  const [first] = around.arguments;
  const given = first && withoutTypes(first);
  const isText = given?.type === 'Literal' && typeof given.value === 'string';
  return {
    isCalled: true,
    isBare: first === undefined,
    ...(isText && { firstText: given.value as string }),
  };
}
