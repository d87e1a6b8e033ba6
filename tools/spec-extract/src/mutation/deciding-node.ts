import ts from 'typescript';
import type { CommentAnchor } from '../source-tree.ts';

/**
 * Yields the syntax that a citation is about: the largest node that starts where the comment ends, or
 * for a comment behind code the statement that ends there; undefined when nothing follows the comment.
 */
export function decidingNode(anchor: CommentAnchor): ts.Node | undefined {
  return anchor.trailing ? trailedNode(anchor.token) : ledNode(anchor.token);
}

function ledNode(token: ts.Node): ts.Node | undefined {
  const source = token.getSourceFile();
  const start = token.getStart(source);
  let found: ts.Node | undefined;
  for (let node = token; !ts.isSourceFile(node) && node.getStart(source) === start; node = node.parent) {
    if (isDecidable(node)) found = node;
  }
  return found;
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
