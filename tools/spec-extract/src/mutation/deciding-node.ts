import ts from 'typescript';
import type { CommentAnchor } from '../source-tree.ts';

/**
 * Returns the syntax that a citation is about: the largest node that starts where the comment ends, or
 * for a comment behind code the statement that ends there; undefined when nothing follows the comment.
 */
export function decidingNode(anchor: CommentAnchor): ts.Node | undefined {
  return anchor.trailing ? trailedNode(anchor.token) : ledNode(anchor.token);
}

function ledNode(token: ts.Node): ts.Node | undefined {
  if (token.kind === ts.SyntaxKind.ElseKeyword && ts.isIfStatement(token.parent))
    return token.parent.elseStatement;
  const source = token.getSourceFile();
  const start = token.getStart(source);
  let found: ts.Node | undefined;
  for (let node = token; !ts.isSourceFile(node) && node.getStart(source) === start; node = node.parent) {
    if (isDecidable(node)) found = node;
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
  for (
    let node: ts.Node | undefined = token;
    node !== undefined && !ts.isSourceFile(node);
    node = node.parent
  ) {
    if (isEntry(node) || (ts.isStatement(node) && !ts.isBlock(node))) return node;
  }
  return undefined;
}

function isDecidable(node: ts.Node): boolean {
  return ts.isStatement(node) || isEntry(node) || ts.isExpression(node);
}

/** Parts of a declaration or table that carry a comment of their own. */
function isEntry(node: ts.Node): boolean {
  return ts.isClassElement(node) || ts.isObjectLiteralElementLike(node) || ts.isCaseOrDefaultClause(node);
}
