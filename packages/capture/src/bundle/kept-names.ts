import type { AnyNode, CallExpression, Program } from 'acorn';
import type { ObservedNames } from './name-observers.ts';
import { isNamingCall, namingHelper } from './naming-helper.ts';
import type { Binding, Reference, Scopes } from './scopes.ts';
import { forEachChild } from './syntax-tree.ts';
import type { TextEdit } from './text-edits.ts';

/** What is to be taken out of a bundle in which esbuild gave every function and class its name again. */
export interface NamePlan {
  readonly edits: readonly TextEdit[];
  /** How many functions and classes keep their name. */
  readonly kept: number;
}

/** A place that gives a function or class its name: `n(f,"name")`. */
interface Naming {
  readonly call: CallExpression;
  readonly name: string;
  readonly target: AnyNode;
  /** Nodes around the call, innermost last. */
  readonly around: readonly AnyNode[];
}

/**
 * Plans which names stay in a bundle: those that its code may observe. The name of a function that is only ever
 * called is out of reach of all code, so that renaming it changes nothing.
 *
 * @spec DML-EXE-0518
 */
export function planKeptNames(program: Program, scopes: Scopes, observed: ObservedNames): NamePlan {
  return plan(program, scopes, (naming) => {
    if (observed === 'none' || isNamedByPlace(naming)) return false;
    if (isClassNaming(naming)) return true;
    const binding = bindingOfTarget(naming, scopes);
    if (!binding) return observed === 'all';
    // @spec DML-EXE-0520
    const uses = binding.references.filter(({ node }) => node !== naming.target);
    return uses.some((use) => (observed === 'all' ? passesOn(use) : isConstruction(use)));
  });
}

/** Plans what to take out of a bundle whose code keeps its names by itself, as it was written. */
export function planPlainNames(program: Program, scopes: Scopes): NamePlan {
  return plan(program, scopes, (naming) => {
    if (isNamedByPlace(naming)) return false;
    const binding = bindingOfTarget(naming, scopes);
    return (binding?.name ?? classNameOf(naming)) !== naming.name;
  });
}

function plan(program: Program, scopes: Scopes, keeps: (naming: Naming) => boolean): NamePlan {
  const helper = namingHelper(program, scopes);
  if (!helper) return { edits: [], kept: 0 };
  const edits: TextEdit[] = [];
  let kept = 0;
  for (const naming of namingsOf(program, helper, scopes)) {
    if (keeps(naming)) kept += 1;
    else edits.push(...removal(naming));
  }
  return { edits, kept };
}

function namingsOf(program: Program, helper: Binding, scopes: Scopes): Naming[] {
  const found: Naming[] = [];
  const around: AnyNode[] = [];
  const visit = (node: AnyNode): void => {
    if (isNamingCall(node, helper, scopes)) {
      const [target, name] = node.arguments;
      if (name?.type === 'Literal' && target)
        found.push({ call: node, name: String(name.value), target, around: [...around] });
    }
    around.push(node);
    forEachChild(node, visit);
    around.pop();
  };
  visit(program);
  return found;
}

/** `static{n(this,"Name")}` inside of a class. */
function isClassNaming({ target }: Naming): boolean {
  return target.type === 'ThisExpression';
}

function classNameOf({ target, around }: Naming): string | undefined {
  if (target.type !== 'ThisExpression') return undefined;
  const index = around.findLastIndex(isClass);
  const owner = around[index] as AnyNode & { id?: { name: string } | null };
  if (owner.id) return owner.id.name;
  const holder = around[index - 1];
  return holder?.type === 'VariableDeclarator' && holder.id.type === 'Identifier'
    ? holder.id.name
    : undefined;
}

function isClass(node: AnyNode): boolean {
  return node.type === 'ClassExpression' || node.type === 'ClassDeclaration';
}

/** Whether the function takes the very name from the property that it is the value of. */
function isNamedByPlace({ call, name, around }: Naming): boolean {
  const parent = around.at(-1);
  if (parent?.type !== 'Property' && parent?.type !== 'PropertyDefinition') return false;
  if (parent.computed || parent.value !== call) return false;
  return parent.key.type === 'Identifier' && parent.key.name === name;
}

function bindingOfTarget({ call, target, around }: Naming, scopes: Scopes): Binding | undefined {
  if (target.type === 'Identifier') return scopes.bindingOf(target);
  const parent = around.at(-1);
  if (parent?.type !== 'VariableDeclarator' || parent.init !== call || parent.id.type !== 'Identifier')
    return undefined;
  // A function expression with a name of its own may pass itself on.
  return 'id' in target && target.id ? undefined : scopes.bindingOf(parent.id);
}

/** Whether a use of a function can hand it to code that asks for its name. */
function passesOn({ node, parent }: Reference): boolean {
  if (parent.type === 'CallExpression') return parent.callee !== node;
  if (parent.type === 'TaggedTemplateExpression') return parent.tag !== node;
  return parent.type !== 'ExportSpecifier';
}

function isConstruction({ node, parent }: Reference): boolean {
  return parent.type === 'NewExpression' && parent.callee === node;
}

/** Takes the naming out; what it names stays. */
function removal({ call, target, around }: Naming): TextEdit[] {
  const parent = around.at(-1);
  if (target.type === 'ThisExpression') {
    const block = around.at(-2);
    return block?.type === 'StaticBlock' && block.body.length === 1
      ? [{ start: block.start, end: block.end, text: '' }]
      : [{ start: call.start, end: call.end, text: '0' }];
  }
  if (target.type === 'Identifier') {
    const { start, end } = parent?.type === 'ExpressionStatement' ? parent : call;
    return [{ start, end, text: parent?.type === 'ExpressionStatement' ? '' : '0' }];
  }
  return [
    { start: call.start, end: target.start, text: '' },
    { start: target.end, end: call.end, text: '' },
  ];
}
