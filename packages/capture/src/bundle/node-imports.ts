import type { AnyNode } from 'acorn';
import { type CodeText, isOwnSource } from './code-text.ts';
import type { Binding, Reference } from './scopes.ts';
import type { TextEdit } from './text-edits.ts';

/**
 * Plans to make imports of CommonJS modules in the author's ES modules what Node makes of them: the default import is
 * `module.exports`. The bundler decides that by the `type` of the `package.json` above the importing file, and
 * otherwise asks the imported module for `__esModule`.
 *
 * @spec DML-EXE-0534
 */
export function planNodeImports(code: CodeText): readonly TextEdit[] {
  // The bundler writes its helpers only where they are used, and most bundles need no parsing for them.
  if (!code.text.includes(MARKER)) return [];
  const edits: TextEdit[] = [];
  for (const reference of importHelper(code)?.references ?? []) {
    const { node, parent: call } = reference;
    if (call.type !== 'CallExpression' || call.callee !== node || !followsNode(code, reference)) continue;
    const [module] = call.arguments;
    // @spec DML-EXE-0535
    if (module) edits.push({ start: module.end, end: call.end, text: ',1)' });
  }
  return edits;
}

const MARKER = '.__esModule';

/** Finds the bundler's function of three parameters that wraps the exports of a CommonJS module. */
function importHelper(code: CodeText): Binding | undefined {
  return code.scopes.bindings.find(
    ({ declaration }) =>
      declaration.type === 'VariableDeclarator' &&
      declaration.init?.type === 'ArrowFunctionExpression' &&
      declaration.init.params.length === 3 &&
      code.text.slice(declaration.start, declaration.end).includes(MARKER) &&
      code.positionOf(declaration.start) === undefined,
  );
}

/** Checks whether Node decides what an import means: everywhere but where TypeScript makes a `require` of it. */
function followsNode(code: CodeText, { parent, grandparent }: Reference): boolean {
  const position = code.positionOf(parent.start);
  if (!position || !isOwnSource(position)) return false;
  return !/\.c[jt]s$/.test(position.file) || isDynamic(parent, grandparent);
}

/** Checks whether a call is what became of `import()`: the body of a function of its own. */
function isDynamic(call: AnyNode, around: AnyNode | undefined): boolean {
  return around?.type === 'ArrowFunctionExpression' && around.body === call;
}
