import ts from 'typescript';

/**
 * Returns the syntax that the comment around an offset is about: the largest node that starts where the comment
 * ends, or for a comment behind code the statement that ends there; undefined when nothing follows the comment.
 */
export function decidingNode(path: string, text: string, offset: number): ts.Node | undefined {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const next = tokenAt(source, offset);
  if (offset >= next.getStart(source, false)) return undefined;
  // What is before a comment on its line ends the token before it, where leading trivia begin.
  const lineStart = text.lastIndexOf('\n', offset) + 1;
  const isBehindCode = next.pos > lineStart && text.slice(lineStart, next.pos).trim() !== '';
  return isBehindCode ? trailedNode(tokenAt(source, next.pos - 1)) : ledNode(next);
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

function ledNode(token: ts.Node): ts.Node | undefined {
  if (token.kind === ts.SyntaxKind.ElseKeyword && ts.isIfStatement(token.parent))
    return token.parent.elseStatement;
  const source = token.getSourceFile();
  const start = token.getStart(source);
  let found: ts.Node | undefined;
  for (let node = token; !ts.isSourceFile(node) && node.getStart(source) === start; node = node.parent) {
    if (ts.isStatement(node) || isEntry(node) || ts.isExpression(node)) found = node;
  }
  return found === undefined ? undefined : implementationOf(found);
}

/** Overloads are documented where they begin, and decided where they end. */
function implementationOf(node: ts.Node): ts.Node {
  if (!isFunction(node) || node.body !== undefined) return node;
  const name = node.name?.getText();
  const all: ts.Node[] = [];
  node.parent.forEachChild((sibling) => void all.push(sibling));
  return all.find((other) => isFunction(other) && other.body && other.name?.getText() === name) ?? node;
}

function isFunction(node: ts.Node): node is ts.MethodDeclaration | ts.FunctionDeclaration {
  return ts.isMethodDeclaration(node) || ts.isFunctionDeclaration(node);
}

function trailedNode(token: ts.Node): ts.Node | undefined {
  return ts.findAncestor(token, (node) => isEntry(node) || (ts.isStatement(node) && !ts.isBlock(node)));
}

/** Checks whether a node is a part of a declaration or table that carries a comment of its own. */
function isEntry(node: ts.Node): boolean {
  return ts.isClassElement(node) || ts.isObjectLiteralElementLike(node) || ts.isCaseOrDefaultClause(node);
}
