import ts from 'typescript';

/** How a mutant breaks its statement. */
export type Operator =
  | 'invert-condition'
  | 'change-constant'
  | 'delete-statement'
  | 'delete-value'
  | 'empty-loop'
  | 'empty-function';

/** One broken version of a source file: `replacement` takes the place of the range. */
export interface Mutant {
  readonly operator: Operator;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** Yields the one mutant of a deciding node; undefined when it holds nothing that can be broken. */
export function mutantOf(node: ts.Node): Mutant | undefined {
  return ts.isStatement(node) ? ofStatement(node) : ofEntry(node);
}

/** Yields the text with the mutant in place. */
export function applyMutant(text: string, mutant: Mutant): string {
  return text.slice(0, mutant.start) + mutant.replacement + text.slice(mutant.end);
}

function ofStatement(node: ts.Statement): Mutant | undefined {
  if (ts.isIfStatement(node)) return invert(node.expression);
  if (ts.isWhileStatement(node) || ts.isDoStatement(node) || ts.isForStatement(node))
    return emptyLoop(node.statement);
  if (ts.isForOfStatement(node) || ts.isForInStatement(node)) return emptyLoop(node.statement);
  if (ts.isReturnStatement(node))
    return node.expression === undefined ? remove(node) : ofValue(node.expression);
  if (ts.isThrowStatement(node) || ts.isExpressionStatement(node) || ts.isBreakOrContinueStatement(node))
    return remove(node);
  if (ts.isSwitchStatement(node) || ts.isTryStatement(node) || ts.isBlock(node)) return remove(node);
  if (ts.isVariableStatement(node)) return ofDeclarations(node.declarationList);
  if (ts.isFunctionDeclaration(node)) return emptyFunction(node.body);
  if (ts.isClassDeclaration(node)) return ofClass(node);
  return undefined;
}

function ofEntry(node: ts.Node): Mutant | undefined {
  if (ts.isMethodDeclaration(node) || ts.isAccessor(node) || ts.isConstructorDeclaration(node))
    return emptyFunction(node.body);
  if (ts.isPropertyDeclaration(node) || ts.isPropertyAssignment(node)) {
    return node.initializer === undefined ? undefined : ofValue(node.initializer);
  }
  if (ts.isShorthandPropertyAssignment(node))
    return { operator: 'delete-value', ...rangeOf(node), replacement: `${node.name.text}: undefined` };
  if (ts.isSpreadAssignment(node)) return ofValue(node.expression);
  if (ts.isCaseOrDefaultClause(node)) return ofClause(node);
  return ts.isExpression(node) ? ofValue(node) : undefined;
}

function ofClause(clause: ts.CaseOrDefaultClause): Mutant | undefined {
  const [first] = clause.statements;
  return first === undefined ? undefined : ofStatement(first);
}

function ofDeclarations(list: ts.VariableDeclarationList): Mutant | undefined {
  const initializer = list.declarations[0]?.initializer;
  return initializer === undefined ? undefined : ofValue(initializer);
}

/** A class is broken through its constructor or else its first method. */
function ofClass(node: ts.ClassDeclaration): Mutant | undefined {
  const builder = node.members.find(ts.isConstructorDeclaration);
  const method = node.members.find(ts.isMethodDeclaration);
  return emptyFunction((builder ?? method)?.body);
}

function ofValue(value: ts.Expression): Mutant {
  const inner = withoutWrapping(value);
  if (ts.isArrowFunction(inner))
    return ts.isBlock(inner.body) ? empty(inner.body, 'empty-function') : ofValue(inner.body);
  if (ts.isFunctionExpression(inner)) return empty(inner.body, 'empty-function');
  if (isCondition(inner)) return invert(value);
  if (ts.isConditionalExpression(inner)) return invert(inner.condition);
  const constant = firstConstant(inner);
  return constant ?? { operator: 'delete-value', ...rangeOf(value), replacement: 'undefined' };
}

function withoutWrapping(value: ts.Expression): ts.Expression {
  const wrapped =
    ts.isParenthesizedExpression(value) || ts.isAsExpression(value) || ts.isNonNullExpression(value);
  if (wrapped || ts.isSatisfiesExpression(value)) return withoutWrapping(value.expression);
  return value;
}

function isCondition(value: ts.Expression): boolean {
  if (value.kind === ts.SyntaxKind.TrueKeyword || value.kind === ts.SyntaxKind.FalseKeyword) return true;
  if (ts.isPrefixUnaryExpression(value)) return value.operator === ts.SyntaxKind.ExclamationToken;
  return ts.isBinaryExpression(value) && CONDITIONS.has(value.operatorToken.kind);
}

const CONDITIONS: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.InKeyword,
  ts.SyntaxKind.InstanceOfKeyword,
]);

/** The first literal of a literal, a table or arithmetic; calls are deleted instead. */
function firstConstant(value: ts.Expression): Mutant | undefined {
  if (ts.isNumericLiteral(value)) return change(value, String(Number(value.text.replaceAll('_', '')) + 1));
  if (ts.isBigIntLiteral(value)) return change(value, `(${value.getText()} + 1n)`);
  if (ts.isStringLiteralLike(value)) return change(value, JSON.stringify(`${value.text}~`));
  if (ts.isRegularExpressionLiteral(value)) return change(value, '/(?!)/');
  if (ts.isPrefixUnaryExpression(value)) return firstConstant(value.operand);
  if (ts.isBinaryExpression(value)) return firstConstant(value.left) ?? firstConstant(value.right);
  const parts = ts.isArrayLiteralExpression(value) ? value.elements : tableValues(value);
  for (const part of parts) {
    const constant = firstConstant(part);
    if (constant !== undefined) return constant;
  }
  return undefined;
}

function tableValues(value: ts.Expression): ts.Expression[] {
  if (!ts.isObjectLiteralExpression(value)) return [];
  return value.properties.flatMap((property) =>
    ts.isPropertyAssignment(property) ? [property.initializer] : [],
  );
}

function invert(condition: ts.Expression): Mutant {
  return { operator: 'invert-condition', ...rangeOf(condition), replacement: `!(${condition.getText()})` };
}

function change(literal: ts.Expression, replacement: string): Mutant {
  return { operator: 'change-constant', ...rangeOf(literal), replacement };
}

/** An empty statement keeps the place of the one deleted, also as the body of an `if`. */
function remove(statement: ts.Statement): Mutant {
  return { operator: 'delete-statement', ...rangeOf(statement), replacement: ';' };
}

function emptyLoop(body: ts.Statement): Mutant {
  // A loop that never ends would only time out: leaving it at once is the mutant.
  return { operator: 'empty-loop', ...rangeOf(body), replacement: '{ break; }' };
}

function emptyFunction(body: ts.Block | undefined): Mutant | undefined {
  return body === undefined ? undefined : empty(body, 'empty-function');
}

function empty(body: ts.Block, operator: Operator): Mutant {
  return { operator, ...rangeOf(body), replacement: '{}' };
}

function rangeOf(node: ts.Node): { start: number; end: number } {
  return { start: node.getStart(), end: node.getEnd() };
}
