import { dirname } from 'node:path';
import type { AnyNode, CallExpression, Program, VariableDeclaration, VariableDeclarator } from 'acorn';
import { authoringModule } from '../source-file.ts';
import type { CodeText } from './code-text.ts';
import { CommonJsModules } from './commonjs-modules.ts';
import { isNamingCall, namingHelper } from './naming-helper.ts';
import { isFunctionLiteral, mayBeDropped } from './pure-expressions.ts';
import { type Binding, isConstant, type Scopes } from './scopes.ts';
import type { TextEdit } from './text-edits.ts';

/** A part of a module's top level that may go when nothing needs it. */
interface Part {
  readonly start: number;
  readonly end: number;
  isNeeded: boolean;
  /** What the part only names: it is needed when that is. */
  readonly names: Binding | undefined;
}

/**
 * Plans to take out what the bundler keeps although nothing needs it: values that other exports use and that are
 * made by built-in functions of which the bundler does not know that they do nothing else. `var` statements side
 * by side become one, so that what stood between them leaves no trace.
 *
 * @spec DML-EXE-0522
 */
export function planUnusedCode(code: CodeText): readonly TextEdit[] {
  try {
    // Code that is made while the bundle runs may use any name.
    return code.scopes.free.has('eval') ? [] : plan(code);
  } catch {
    // Code that is nested too deeply to be looked at stays as it is.
    return [];
  }
}

function plan(code: CodeText): readonly TextEdit[] {
  const { program, scopes } = code;
  const modules = new CommonJsModules(code);
  const parts = partsOf(code, modules);
  markNeeded(parts, scopes);
  const unneeded = new Set(parts.filter((part) => !part.isNeeded).map((part) => part.start));
  const isUnused = (binding: Binding | undefined): boolean =>
    binding !== undefined &&
    isConstant(binding) &&
    binding.references.every(({ node }) => partAt(parts, node.start)?.isNeeded === false);
  const edits: TextEdit[] = [];
  const evaluated = new Set<Binding>();
  for (const declarator of declaratorsOf(program)) {
    const { id, init } = declarator;
    const found = modules.importOf(init);
    if (!init || !found || unneeded.has(declarator.start)) continue;
    // @spec DML-EXE-0528
    // What is left of an import that only other exports use is that its module is evaluated, once.
    if (isUnused(scopes.bindingOf(id))) {
      if (evaluated.has(found.module)) unneeded.add(declarator.start);
      else if (found.call !== init) edits.push(...unwrap(init, found.call));
    }
    evaluated.add(found.module);
  }
  let before: VariableDeclaration | undefined;
  for (const statement of program.body) {
    if (statement.type !== 'VariableDeclaration') {
      if (unneeded.has(statement.start)) edits.push(cut(statement));
      else before = undefined;
      continue;
    }
    const kept = statement.declarations.filter((declarator) => !unneeded.has(declarator.start));
    if (kept.length === 0) {
      edits.push(cut(statement));
      continue;
    }
    const [first] = kept as [AnyNode];
    if (before?.kind === 'var' && statement.kind === 'var') {
      edits.push({ start: lastEnd(before), end: before.end, text: ',' });
      edits.push({ start: statement.start, end: first.start, text: '' });
    } else if (first.start > (statement.declarations[0]?.start ?? 0)) {
      edits.push({ start: statement.declarations[0]?.start ?? 0, end: first.start, text: '' });
    }
    kept.forEach((declarator, index) => {
      const next = kept[index + 1]?.start;
      const following = statement.declarations[statement.declarations.indexOf(declarator) + 1];
      if (following && next === undefined)
        edits.push({ start: declarator.end, end: lastEnd(statement), text: '' });
      else if (following && next !== following.start)
        edits.push({ start: declarator.end, end: next as number, text: ',' });
    });
    before = statement;
  }
  return edits;
}

function* declaratorsOf({ body }: Program): Generator<VariableDeclarator> {
  for (const statement of body) if (statement.type === 'VariableDeclaration') yield* statement.declarations;
}

function unwrap(outer: AnyNode, inner: AnyNode): TextEdit[] {
  return [
    { start: outer.start, end: inner.start, text: '' },
    { start: inner.end, end: outer.end, text: '' },
  ];
}

function partsOf(code: CodeText, modules: CommonJsModules): Part[] {
  const { program, scopes } = code;
  const helper = namingHelper(program, scopes);
  const isHarmless = (node: AnyNode): boolean =>
    (isNamingCall(node, helper, scopes) && isNamedHere(node.arguments[0])) ||
    isAuthoringCall(node, code) ||
    modules.isPureImport(node);
  const parts: Part[] = [];
  const add = ({ start, end }: AnyNode, names?: Binding): void =>
    void parts.push({ start, end, isNeeded: false, names });
  for (const statement of program.body) {
    if (statement.type === 'FunctionDeclaration') add(statement);
    else if (statement.type === 'ExpressionStatement') {
      const { expression } = statement;
      const named = isNamingCall(expression, helper, scopes) ? namedBinding(expression, scopes) : undefined;
      if (named || mayBeDropped(expression, scopes, isHarmless)) add(statement, named);
    } else if (statement.type === 'VariableDeclaration') {
      for (const declarator of statement.declarations) {
        const { id, init } = declarator;
        if (id.type !== 'Identifier') continue;
        if (!init || modules.isModule(declarator) || mayBeDropped(init, scopes, isHarmless)) add(declarator);
      }
    }
  }
  return parts;
}

/** The function or class that a call names, when nothing else can hold it before. */
function namedBinding({ arguments: [target, name] }: CallExpression, scopes: Scopes): Binding | undefined {
  const binding = target && scopes.bindingOf(target);
  if (!binding || !isConstant(binding) || name?.type !== 'Literal') return undefined;
  const { declaration } = binding;
  const isDeclared = declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration';
  return isDeclared || (declaration.type === 'VariableDeclarator' && isFunctionLiteral(declaration.init))
    ? binding
    : undefined;
}

/** A function or class that the call itself makes, or `this` in a static block. */
function isNamedHere(target: AnyNode | undefined): boolean {
  return isFunctionLiteral(target) || target?.type === 'ThisExpression';
}

/** Whether a call is one of the functions with which a pipeline is written, such as `definePipeline`. */
function isAuthoringCall(node: AnyNode, { scopes, positionOf }: CodeText): boolean {
  if (node.type !== 'CallExpression') return false;
  const binding = scopes.bindingOf(node.callee);
  if (binding?.kind !== 'function') return false;
  const file = positionOf(binding.declaration.start)?.file;
  return file !== undefined && dirname(file) === dirname(authoringModule());
}

/** Marks what the rest of the module uses, and what that uses in turn. */
function markNeeded(parts: readonly Part[], scopes: Scopes): void {
  const usesOf = new Map<Part, Part[]>();
  const queue: Part[] = [];
  const link = (user: Part, used: Part): void => {
    if (usesOf.has(user)) usesOf.get(user)?.push(used);
    else usesOf.set(user, [used]);
  };
  for (const binding of scopes.bindings) {
    const declaring: Part[] = [];
    for (const { start } of binding.declarations) {
      const part = partAt(parts, start);
      if (part?.start === start) declaring.push(part);
    }
    for (const { node } of binding.references) {
      const user = partAt(parts, node.start);
      if (user && user.names === binding) {
        if (declaring.length < binding.declarations.length) queue.push(user);
        for (const part of declaring) link(part, user);
      } else if (user) for (const part of declaring) link(user, part);
      else queue.push(...declaring);
    }
  }
  for (let part = queue.pop(); part; part = queue.pop()) {
    if (part.isNeeded) continue;
    part.isNeeded = true;
    queue.push(...(usesOf.get(part) ?? []));
  }
}

function partAt(parts: readonly Part[], offset: number): Part | undefined {
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((parts[middle] as Part).start <= offset) low = middle + 1;
    else high = middle;
  }
  const part = parts[low - 1];
  return part && offset < part.end ? part : undefined;
}

function cut({ start, end }: AnyNode): TextEdit {
  return { start, end, text: '' };
}

function lastEnd({ declarations }: VariableDeclaration): number {
  return (declarations.at(-1) as AnyNode).end;
}
