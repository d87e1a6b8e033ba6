import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { captureError } from '../errors.ts';
import type { Load } from './loads.ts';
import { type Item, type Link, type Outline, outlineOf, type Source } from './outline.ts';
import { builtinName } from './outside-uses.ts';
import { LineStarts } from './pieces.ts';
import type { Binding } from './scopes.ts';

/** Syntax by which code names another module. */
export type EdgeKind = 'import-statement' | 'dynamic-import' | 'require-call';

/** Returns the absolute path of a module, or a reason why there is none. */
export type Resolve = (
  specifier: string,
  importer: string,
  kind: EdgeKind,
) => Promise<Resolved | { readonly reason: string }>;

export interface Resolved {
  /** Absolute. */
  readonly path: string;
  /** `false` where its `package.json` says that it need not be evaluated when none of its names is used. */
  readonly sideEffects: boolean;
}

/** Target of a specifier in the author's code. */
export type Target =
  | { readonly kind: 'own'; readonly module: ReachedModule }
  | ({ readonly kind: 'library' } & Resolved)
  /** A file of the author that is no code. */
  | ({ readonly kind: 'data' } & Resolved)
  | { readonly kind: 'builtin' }
  | { readonly kind: 'missing'; readonly reason: string };

const ALL = '*';

/** A file of the author, with what of it a function reaches. */
export class ReachedModule {
  readonly outline: Outline;
  /** Names of exports that are asked for; `*` for all. */
  readonly demands: Set<string> = new Set();
  /** Reached items, in the order in which they were reached. */
  readonly items: Set<Item> = new Set();
  readonly imports: Set<Binding> = new Set();
  /** Names that are exported again from `export *`, with the statement they are found by. */
  readonly fromStars: Map<string, Source> = new Map();
  /** `export *` statements that stay as they are. */
  readonly wholeStars: Set<Source> = new Set();
  readonly targets: Map<string, Target> = new Map();
  isEvaluated = false;

  constructor(outline: Outline) {
    this.outline = outline;
  }

  isReached(offset: number): boolean {
    const item = this.outline.itemAt(offset);
    return item !== undefined && this.items.has(item);
  }

  target(specifier: string, kind: EdgeKind): Target | undefined {
    return this.targets.get(`${kind} ${specifier}`);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    throw captureError('capture_failed', { file, line: 0, reason }, error);
  }
}

/** Returns file and line of an offset of a source file. */
export function positionIn({ file, text }: Outline, offset: number): { file: string; line: number } {
  return { file, line: new LineStarts(text).positionOf(offset).line };
}

const CODE = /\.[cm]?[jt]sx?$/;

/**
 * The modules of the author that one export reaches by name: its declaration, what that names, and what stands for
 * its effect alone in each module on the way.
 *
 * @spec DML-CAP-0003
 */
export class OwnModules {
  readonly #resolve: Resolve;
  readonly #outlines: Map<string, Outline>;
  readonly #modules = new Map<string, ReachedModule>();

  /** Creates an empty set of modules; `outlines` holds those of earlier captures. */
  constructor(resolve: Resolve, outlines: Map<string, Outline>) {
    this.#resolve = resolve;
    this.#outlines = outlines;
  }

  /** Absolute paths of the modules that were read. */
  get files(): readonly string[] {
    return [...this.#modules.keys()];
  }

  /** The modules that are evaluated. */
  get reached(): readonly ReachedModule[] {
    return [...this.#modules.values()].filter(({ isEvaluated }) => isEvaluated);
  }

  /**
   * Lists the files that reached modules import by names which nothing reaches, although they do something by
   * themselves, sorted.
   */
  async leftOut(): Promise<readonly string[]> {
    const found = new Set<string>();
    for (const module of this.reached) {
      const sources = [...module.outline.imports.values()].map(({ source }) => source);
      for (const { specifier } of sources) {
        if (!specifier.startsWith('.')) continue;
        const target = await this.#target(module, specifier, 'import-statement');
        if (target.kind !== 'own' || target.module.isEvaluated) continue;
        const { bareImports, items, file } = target.module.outline;
        // @spec DML-CAP-0014
        if (bareImports.length > 0 || items.some(({ isStatement }) => isStatement)) found.add(file);
      }
    }
    return [...found].sort();
  }

  /** Returns what an import of a module leads to. Throws `capture_failed` where it leads nowhere. */
  targetOf(module: ReachedModule, { specifier, start }: Source): Promise<Target> {
    return this.#target(module, specifier, 'import-statement', start);
  }

  at(path: string): ReachedModule {
    let module = this.#modules.get(path);
    if (!module) {
      const text = textOf(path);
      let outline = this.#outlines.get(path);
      if (outline?.text !== text) {
        outline = outlineOf(path, text);
        this.#outlines.set(path, outline);
      }
      module = new ReachedModule(outline);
      this.#modules.set(path, module);
    }
    return module;
  }

  /** Reaches an export of a module. Throws `capture_failed` where it does not exist. */
  async demand(
    module: ReachedModule,
    name: string,
    by?: { outline: Outline; source: Source },
  ): Promise<void> {
    if (module.demands.has(name)) return;
    module.demands.add(name);
    const { exports, exportedAgain, stars, isWhole } = module.outline;
    // @spec DML-EXE-0508
    if (isWhole) return this.#evaluate(module);
    if (name === ALL) {
      for (const each of [...exports.keys(), ...exportedAgain.keys()].sort()) await this.demand(module, each);
      for (const star of stars) await this.#wholeStar(module, star);
      return this.#evaluate(module);
    }
    const declared = exports.get(name);
    const again = exportedAgain.get(name);
    if (declared)
      await ('references' in declared
        ? this.#reachName(module, declared)
        : this.#reachItem(module, declared));
    else if (again) await this.#follow(module, again);
    else await this.#demandFromStars(module, name, by);
    await this.#evaluate(module);
  }

  /** Returns the names that a module exports, sorted; what libraries add by `export *` is not known. */
  async exportNames(module: ReachedModule, seen: Set<ReachedModule> = new Set()): Promise<readonly string[]> {
    if (seen.has(module)) return [];
    seen.add(module);
    const { exports, exportedAgain, stars } = module.outline;
    const names = new Set([...exports.keys(), ...exportedAgain.keys()]);
    for (const star of stars) {
      const target = await this.#target(module, star.specifier, 'import-statement');
      if (target.kind !== 'own') continue;
      for (const name of await this.exportNames(target.module, seen)) if (name !== 'default') names.add(name);
    }
    return [...names].sort();
  }

  async #demandFromStars(
    module: ReachedModule,
    name: string,
    by: { outline: Outline; source: Source } | undefined,
  ): Promise<void> {
    const unknown: Source[] = [];
    for (const star of module.outline.stars) {
      const target = await this.#target(module, star.specifier, 'import-statement', star.start);
      if (target.kind === 'own' && !target.module.outline.isWhole) {
        if (name === 'default' || !(await this.exportNames(target.module)).includes(name)) continue;
        module.fromStars.set(name, star);
        return this.demand(target.module, name);
      }
      unknown.push(star);
    }
    if (unknown.length === 0 || name === 'default') {
      const { file } = module.outline;
      if (by)
        throw captureError('capture_failed', {
          ...positionIn(by.outline, by.source.start),
          reason: `"${file.slice(file.lastIndexOf('/') + 1)}" has no export "${name}"`,
        });
      // @spec DML-EXE-0512
      const names = await this.exportNames(module);
      throw captureError('capture_failed', {
        file,
        line: 0,
        reason: `it has no export "${name}"`,
        exports: names,
      });
    }
    for (const star of unknown) await this.#wholeStar(module, star);
  }

  async #wholeStar(module: ReachedModule, star: Source): Promise<void> {
    if (module.wholeStars.has(star)) return;
    module.wholeStars.add(star);
    const target = await this.#target(module, star.specifier, 'import-statement', star.start);
    if (target.kind === 'own') await this.demand(target.module, ALL);
  }

  /** Reaches what stands for its effect alone. */
  async #evaluate(module: ReachedModule): Promise<void> {
    if (module.isEvaluated) return;
    module.isEvaluated = true;
    // @spec DML-CAP-0004
    for (const source of module.outline.bareImports) {
      const target = await this.#target(module, source.specifier, 'import-statement', source.start);
      if (target.kind === 'own') await this.#evaluate(target.module);
    }
    for (const item of module.outline.items) if (item.isStatement) await this.#reachItem(module, item);
  }

  async #reachItem(module: ReachedModule, item: Item): Promise<void> {
    if (module.items.has(item)) return;
    module.items.add(item);
    for (const binding of item.uses) await this.#reachName(module, binding, item);
    for (const load of item.loads) await this.#reachLoad(module, load);
  }

  async #reachLoad(module: ReachedModule, { specifier, kind, start, isOptional }: Load): Promise<void> {
    if (specifier === undefined) return;
    const target = await this.#target(module, specifier, kind, isOptional ? undefined : start);
    if (target.kind === 'own') await this.demand(target.module, ALL);
  }

  async #reachName(module: ReachedModule, binding: Binding, user?: Item): Promise<void> {
    const link = module.outline.imports.get(binding);
    if (!link) {
      for (const item of module.outline.itemsOf(binding)) await this.#reachItem(module, item);
      return;
    }
    if (link.imported !== ALL && module.imports.has(binding)) return;
    module.imports.add(binding);
    await this.#follow(
      module,
      link,
      link.imported === ALL && user ? staticMembers(binding, user) : undefined,
    );
  }

  async #follow(
    module: ReachedModule,
    { source, imported }: Link,
    members?: readonly string[],
  ): Promise<void> {
    const target = await this.#target(module, source.specifier, 'import-statement', source.start);
    if (target.kind === 'builtin') refuseAbsent(module, source, imported);
    if (target.kind !== 'own') return;
    const by = { outline: module.outline, source };
    const names = await this.exportNames(target.module);
    const isKnown = members?.every((name) => names.includes(name));
    if (members && isKnown) for (const name of members) await this.demand(target.module, name, by);
    else await this.demand(target.module, imported, by);
  }

  /** Resolves a specifier; `offset` is the place to name where that fails. */
  async #target(module: ReachedModule, specifier: string, kind: EdgeKind, offset?: number): Promise<Target> {
    let target = module.target(specifier, kind);
    if (!target) {
      target = await this.#find(module.outline.file, specifier, kind);
      module.targets.set(`${kind} ${specifier}`, target);
    }
    if (target.kind === 'missing' && offset !== undefined)
      throw captureError('capture_failed', { ...positionIn(module.outline, offset), reason: target.reason });
    return target;
  }

  async #find(importer: string, specifier: string, kind: EdgeKind): Promise<Target> {
    if (builtinName(specifier) !== undefined) return { kind: 'builtin' };
    const found = await this.#resolve(specifier, importer, kind);
    if ('reason' in found) return { kind: 'missing', reason: found.reason };
    const { path } = found;
    if (isLibrary(specifier, importer, path)) return { kind: 'library', ...found };
    return CODE.test(path) ? { kind: 'own', module: this.at(path) } : { kind: 'data', ...found };
  }
}

/**
 * Refuses an import of a name that a built-in module does not have. Throws `capture_failed`.
 *
 * @spec DML-CAP-0926
 */
function refuseAbsent({ outline }: ReachedModule, { specifier, start }: Source, name: string): void {
  if (name === ALL || name === 'default') return;
  const { emitWarning } = process;
  // Experimental modules are not used here, only looked at.
  process.emitWarning = () => {};
  try {
    const module: object | undefined = process.getBuiltinModule(specifier);
    if (module !== undefined && name in module) return;
  } finally {
    process.emitWarning = emitWarning;
  }
  throw captureError('capture_failed', {
    ...positionIn(outline, start),
    reason: `"${specifier}" has no export "${name}" in this version of Node`,
  });
}

/**
 * Checks whether a module is no code of the author: it lies in `node_modules`, or is found there by its name, which
 * may be a link.
 */
export function isLibrary(specifier: string, importer: string, path: string): boolean {
  if (/[\\/]node_modules[\\/]/.test(path) || specifier === '@daggerml/bindings') return true;
  const [, name] = /^((?:@[^/]+\/)?[^./#@][^/]*)/.exec(specifier) ?? [];
  if (name === undefined) return false;
  for (let folder = dirname(importer); ; folder = dirname(folder)) {
    // @spec DML-CAP-0005
    if (existsSync(join(folder, 'node_modules', name))) return true;
    if (folder === dirname(folder)) return false;
  }
}

/** Returns the members that an item uses of a namespace; undefined where it may be used in another way. */
function staticMembers({ references }: Binding, user: Item): readonly string[] | undefined {
  const members: string[] = [];
  for (const { node, parent } of references) {
    if (node.start < user.start || user.end <= node.start) continue;
    if (parent.type !== 'MemberExpression' || parent.object !== node || parent.computed) return undefined;
    if (parent.property.type !== 'Identifier') return undefined;
    members.push(parent.property.name);
  }
  return members;
}
