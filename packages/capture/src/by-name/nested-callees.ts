import type { Node } from 'oxc-parser';
import type { Link } from './outline.ts';
import type { Binding, Scopes } from './scopes.ts';
import { withoutTypes } from './syntax-tree.ts';

/** The function that code calls as a call of its own: `fit` in `call(fit, fold)`. */
export interface NestedCallee {
  /** Undefined for what is no name of the top level. */
  readonly binding: Binding | undefined;
  readonly start: number;
  readonly end: number;
}

/** The functions that make such calls, with the place of the callee among their arguments. */
const MAKERS: ReadonlyMap<string, number> = new Map([
  ['call', 0],
  ['callWith', 1],
]);

/**
 * Lists the functions that a module calls as calls of their own. They are named there and not used: what they reach
 * belongs to their own captures.
 */
export function nestedCalleesIn(
  scopes: Scopes,
  imports: ReadonlyMap<Binding, Link>,
): readonly NestedCallee[] {
  const found: NestedCallee[] = [];
  for (const [maker, { source, imported }] of imports) {
    const place = MAKERS.get(imported);
    if (place === undefined || source.specifier !== '@daggerml/bindings') continue;
    for (const { node, parent } of maker.references) {
      if (parent.type !== 'CallExpression' || parent.callee !== node) continue;
      const given: Node | undefined = parent.arguments[place];
      if (!given) continue;
      const callee = withoutTypes(given);
      const binding = callee.type === 'Identifier' ? scopes.bindingOf(callee) : undefined;
      const isTop = binding !== undefined && scopes.top.get(binding.name) === binding;
      found.push({ binding: isTop ? binding : undefined, start: given.start, end: given.end });
      if (!isTop) continue;
      const at = binding.references.findIndex((reference) => reference.node === callee);
      if (at >= 0) binding.references.splice(at, 1);
    }
  }
  return found;
}
