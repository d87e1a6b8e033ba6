import ts from 'typescript';

/** A comment that names requirement ids, with the syntax it belongs to. */
export interface CommentAnchor {
  /** The token the comment leads, or the token it trails on the same line. */
  readonly token: ts.Node;
  /** True when the comment stands behind code on its line. */
  readonly trailing: boolean;
}

/** Parses a TypeScript or JavaScript file with parent links; syntax errors are left to the compiler. */
export function parseSource(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, scriptKind(path));
}

/** Returns what the comment around an offset belongs to; undefined when the offset is not in a comment. */
export function anchorAt(source: ts.SourceFile, offset: number): CommentAnchor | undefined {
  const next = tokenAt(source, offset);
  if (offset >= next.getStart(source, false)) return undefined;
  const before = codeBeforeOnLine(source, next, offset);
  return before === undefined ? { token: next, trailing: false } : { token: before, trailing: true };
}

/** Returns the names of the declarations around a node, outermost first, joined by dots; may be empty. */
export function symbolPath(anchor: CommentAnchor): string {
  const names: string[] = [];
  for (let node: ts.Node | undefined = anchor.token; node !== undefined; node = node.parent) {
    const name = declaredName(node);
    if (name !== undefined) names.unshift(name);
  }
  return names.join('.');
}

function declaredName(node: ts.Node): string | undefined {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (ts.isVariableStatement(node)) return nameText(node.declarationList.declarations[0]?.name);
  // A variable is named by its statement, so that a comment above and a comment inside agree.
  if (ts.isVariableDeclaration(node)) return undefined;
  const named =
    ts.isFunctionDeclaration(node) ||
    ts.isClassLike(node) ||
    ts.isClassElement(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isTypeElement(node) ||
    ts.isModuleDeclaration(node) ||
    ts.isPropertyAssignment(node);
  return named ? nameText(node.name) : undefined;
}

function nameText(name: ts.Node | undefined): string | undefined {
  if (name === undefined) return undefined;
  if (ts.isIdentifier(name) || ts.isPrivateIdentifier(name)) return name.text;
  return ts.isStringLiteral(name) || ts.isNumericLiteral(name) ? name.text : undefined;
}

/** Returns the token whose full range, leading comments included, covers an offset. */
function tokenAt(source: ts.SourceFile, offset: number): ts.Node {
  let node: ts.Node = source;
  for (;;) {
    const child: ts.Node | undefined = node
      .getChildren(source)
      .find(
        ({ kind, pos, end }) =>
          !isJsDoc(kind) && pos <= offset && (offset < end || kind === ts.SyntaxKind.EndOfFileToken),
      );
    if (child === undefined) return node;
    node = child;
  }
}

function isJsDoc(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstJSDocNode && kind <= ts.SyntaxKind.LastJSDocNode;
}

function codeBeforeOnLine(source: ts.SourceFile, next: ts.Node, offset: number): ts.Node | undefined {
  const lineStart = source.text.lastIndexOf('\n', offset) + 1;
  const codeEnd = next.pos;
  // Leading trivia starts where the previous token ends: on the comment's line only if code precedes it.
  if (codeEnd <= lineStart || source.text.slice(lineStart, codeEnd).trim() === '') return undefined;
  return tokenAt(source, codeEnd - 1);
}

function scriptKind(path: string): ts.ScriptKind {
  if (path.endsWith('x')) return path.endsWith('.tsx') ? ts.ScriptKind.TSX : ts.ScriptKind.JSX;
  return /\.[cm]?js$/.test(path) ? ts.ScriptKind.JS : ts.ScriptKind.TS;
}
