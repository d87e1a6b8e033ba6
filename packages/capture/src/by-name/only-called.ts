import type { ReachedModule } from './own-modules.ts';
import type { TextEdit } from './pieces.ts';
import type { Binding, Reference } from './scopes.ts';
import { isFunction, withoutTypes } from './syntax-tree.ts';

/**
 * Names that a bundle's code may read while it runs: those of classes and constructors, which printing a value shows, or
 * those of every function that is passed on as a value.
 */
export type ObservedNames = 'constructors' | 'all';

/** Prefix of the name of a function that no code can read. */
export const UNREAD_NAME = '$dml_unread_';

/**
 * Plans to take the names away from functions of the author that no code can ask for them: the name of a function
 * that is only ever called is out of reach of all code, so that renaming it changes nothing.
 */
export function planUnreadNames(
  modules: readonly ReachedModule[],
  observed: ObservedNames,
): ReadonlyMap<ReachedModule, readonly TextEdit[]> {
  const isReadBy = observed === 'all' ? passesOn : isConstruction;
  const plans = new Map<ReachedModule, readonly TextEdit[]>();
  for (const module of modules) {
    const edits: TextEdit[] = [];
    for (const binding of module.outline.scopes.bindings) {
      const { kind, declaration, declarations } = binding;
      if (declarations.length !== 1 || !module.isReached(declaration.start)) continue;
      const isDeclared = kind === 'function' && declaration.type === 'FunctionDeclaration';
      const value =
        declaration.type === 'VariableDeclarator' && declaration.init && withoutTypes(declaration.init);
      const isNamed =
        value && declaration.id.type === 'Identifier' && isFunction(value) && !hasOwnName(value);
      if (!isDeclared && !isNamed) continue;
      if (isDeclared && mayBeSeenOutside(module, binding)) continue;
      const uses = usesOf(modules, module, binding);
      // @spec DML-EXE-0520
      if (uses === undefined || uses.some(isReadBy)) continue;
      if (value)
        edits.push(
          { start: value.start, end: value.start, text: '(0,' },
          { start: value.end, end: value.end, text: ')' },
        );
      else if (isDeclared && declaration.id) {
        const text = `${UNREAD_NAME}${edits.length}`;
        const places = [declaration.id, ...binding.references.map(({ node }) => node)];
        for (const { start, end } of places) edits.push({ start, end, text });
      }
    }
    plans.set(module, edits);
  }
  return plans;
}

/**
 * Checks whether code may name a function outside of the block that declares it, which sloppy code can.
 *
 * @spec DML-CAP-0925
 */
function mayBeSeenOutside({ outline: { isCommonJs, scopes } }: ReachedModule, { name }: Binding): boolean {
  if (!isCommonJs) return false;
  return scopes.free.has(name) || scopes.bindings.filter((other) => other.name === name).length > 1;
}

function hasOwnName(node: object): boolean {
  return 'id' in node && node.id !== null;
}

/** Returns every use of a name in what is reached; undefined where not all are known. */
function usesOf(
  modules: readonly ReachedModule[],
  module: ReachedModule,
  binding: Binding,
): readonly Reference[] | undefined {
  const found = binding.references.filter(({ node }) => module.isReached(node.start));
  for (const [name, declared] of module.outline.exports) {
    if (declared !== binding) continue;
    if (module.demands.has('*')) return undefined;
    if (!module.demands.has(name)) continue;
    const others = usesOfExport(modules, module, name);
    if (!others) return undefined;
    found.push(...others);
  }
  return found;
}

function usesOfExport(
  modules: readonly ReachedModule[],
  module: ReachedModule,
  name: string,
): readonly Reference[] | undefined {
  const found: Reference[] = [];
  for (const other of modules) {
    const leadsHere = (specifier: string): boolean => {
      const target = other.target(specifier, 'import-statement');
      return target?.kind === 'own' && target.module === module;
    };
    if (
      other.outline.isWhole &&
      [...other.items].some(({ loads }) => loads.some((load) => leadsHere(load.specifier ?? '')))
    )
      return undefined;
    for (const binding of other.imports) {
      const link = other.outline.imports.get(binding);
      if (!link || !leadsHere(link.source.specifier)) continue;
      if (link.imported === '*') return undefined;
      if (link.imported !== name) continue;
      const uses = usesOf(modules, other, binding);
      if (!uses) return undefined;
      found.push(...uses);
    }
    const again = [
      ...[...other.outline.exportedAgain].filter(
        ([, { source, imported }]) => imported === name && leadsHere(source.specifier),
      ),
      ...[...other.fromStars].filter(([own, { specifier }]) => own === name && leadsHere(specifier)),
    ];
    for (const [exported] of again) {
      if (!other.demands.has(exported) && !other.demands.has('*')) continue;
      const uses = other.demands.has('*') ? undefined : usesOfExport(modules, other, exported);
      if (!uses) return undefined;
      found.push(...uses);
    }
    if ([...other.wholeStars].some(({ specifier }) => leadsHere(specifier))) return undefined;
  }
  return found;
}

/** Checks whether a use of a function can hand it to code that asks for its name. */
function passesOn({ node, parent }: Reference): boolean {
  if (parent.type === 'CallExpression') return parent.callee !== node;
  if (parent.type === 'TaggedTemplateExpression') return parent.tag !== node;
  return parent.type !== 'ExportSpecifier';
}

function isConstruction({ node, parent }: Reference): boolean {
  return parent.type === 'NewExpression' && parent.callee === node;
}
