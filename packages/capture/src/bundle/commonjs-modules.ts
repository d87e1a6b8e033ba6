import type { AnyNode, Expression, Program, VariableDeclarator } from 'acorn';
import type { CodeText } from './code-text.ts';
import { namingHelper } from './naming-helper.ts';
import { isPlainModule, type Surroundings } from './plain-module.ts';
import { type Binding, isConstant } from './scopes.ts';
import { forEachChild } from './syntax-tree.ts';
import type { TextEdit } from './text-edits.ts';

type Body = Extract<Expression, { type: 'ArrowFunctionExpression' | 'FunctionExpression' }>;

/**
 * The CommonJS modules of a bundle: functions that evaluate a module when they are first called. An import of one
 * is such a call, inside of another that wraps its exports.
 */
export class CommonJsModules {
  readonly #code: CodeText;
  readonly #isPure = new Map<Binding, boolean>();

  readonly #surroundings: Surroundings;

  constructor(code: CodeText) {
    this.#code = code;
    const { program, scopes } = code;
    this.#surroundings = {
      scopes,
      namingHelper: namingHelper(program, scopes),
      isPureImport: (node) => this.isPureImport(node),
    };
  }

  /** The module that an import evaluates, with the call that does it; undefined for any other expression. */
  importOf(
    node: AnyNode | null | undefined,
  ): { readonly module: Binding; readonly call: AnyNode } | undefined {
    if (node?.type !== 'CallExpression') return undefined;
    const callee = this.#code.scopes.bindingOf(node.callee);
    if (!callee) return undefined;
    if (node.arguments.length === 0) return bodyOf(callee, this.#code) && { module: callee, call: node };
    const [first, mode, ...more] = node.arguments;
    if (!this.#isHelper(callee) || (mode && mode.type !== 'Literal') || more.length > 0) return undefined;
    return this.importOf(first);
  }

  /** Whether a declarator holds the function that evaluates a module. */
  isModule(declarator: VariableDeclarator): boolean {
    const binding = this.#code.scopes.bindingOf(declarator.id);
    return binding !== undefined && bodyOf(binding, this.#code) !== undefined;
  }

  /**
   * Whether evaluating a module that nobody uses does nothing, as far as its code proves it.
   *
   * @spec DML-EXE-0527
   */
  isPureImport(node: AnyNode): boolean {
    const found = this.importOf(node);
    return found !== undefined && this.#isPureModule(found.module);
  }

  #isPureModule(module: Binding): boolean {
    const known = this.#isPure.get(module);
    if (known !== undefined) return known;
    // Modules that need each other.
    this.#isPure.set(module, false);
    const body = bodyOf(module, this.#code);
    const isPure = body !== undefined && isPlainModule(body, this.#surroundings);
    this.#isPure.set(module, isPure);
    return isPure;
  }

  #isHelper({ declaration }: Binding): boolean {
    return this.#code.positionOf(declaration.start) === undefined;
  }
}

/** The code of a CommonJS module whose evaluating function a binding holds. */
function bodyOf(binding: Binding, code: CodeText): Body | undefined {
  const { declaration } = binding;
  if (!isConstant(binding)) return undefined;
  const init = declaration.type === 'VariableDeclarator' ? declaration.init : undefined;
  if (init?.type !== 'CallExpression' || init.arguments.length !== 1) return undefined;
  const wrapper = code.scopes.bindingOf(init.callee);
  if (!wrapper || code.positionOf(wrapper.declaration.start) !== undefined) return undefined;
  const [argument] = init.arguments;
  const first = argument?.type === 'ObjectExpression' ? argument.properties[0] : undefined;
  const body = first?.type === 'Property' ? first.value : argument;
  return body?.type === 'ArrowFunctionExpression' || body?.type === 'FunctionExpression' ? body : undefined;
}

/** Plans to take the paths of modules out of a bundle with plain names: they differ from machine to machine. */
export function planModulePaths(program: Program): readonly TextEdit[] {
  const edits: TextEdit[] = [];
  const visit = (node: AnyNode): void => {
    if (
      node.type === 'CallExpression' &&
      node.callee.type === 'Identifier' &&
      /^__(commonJS|esm)$/.test(node.callee.name)
    ) {
      const [table] = node.arguments;
      const [first] = table?.type === 'ObjectExpression' ? table.properties : [];
      // @spec DML-EXE-0509
      if (first?.type === 'Property' && first.key.type === 'Literal')
        edits.push({ start: first.key.start, end: first.key.end, text: '"module"' });
    }
    forEachChild(node, visit);
  };
  visit(program);
  return edits;
}
