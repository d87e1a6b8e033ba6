import ts from 'typescript';

/** Kind of change by which a mutant breaks one clause. */
export type Operator = 'invert-condition' | 'drop-operand' | 'change-constant' | 'delete';

/** One broken version of a source file: `replacement` takes the place of the range. */
export interface Mutant {
  readonly operator: Operator;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/**
 * Lists the mutants of a deciding node in source order: each breaks one clause of it, which is a condition, an
 * operand, a constant, a statement or an entry, and leaves all others as they are.
 */
export function mutantsOf(node: ts.Node): Mutant[] {
  const mutants: Mutant[] = [];
  const visit = (at: ts.Node): void => {
    if (ts.isTypeNode(at) || ts.isImportDeclaration(at) || isTypeDeclaration(at)) return;
    // @spec DML-TRC-0915
    mutants.push(...clausesOf(at));
    ts.forEachChild(at, visit);
  };
  visit(node);
  return mutants;
}

/** Returns the text with the mutant in place. */
export function applyMutant(text: string, mutant: Mutant): string {
  return text.slice(0, mutant.start) + mutant.replacement + text.slice(mutant.end);
}

function clausesOf(node: ts.Node): Mutant[] {
  if (ts.isBinaryExpression(node)) return ofBinary(node);
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
    return [replace(node, 'invert-condition', `(${node.operand.getText()})`)];
  if (isUsedAsCondition(node)) return [replace(node, 'invert-condition', `!(${node.getText()})`)];
  if (ts.isExpressionStatement(node) || ts.isThrowStatement(node) || ts.isBreakOrContinueStatement(node))
    return [replace(node, 'delete', ';')];
  if (ts.isReturnStatement(node))
    return node.expression === undefined ? [replace(node, 'delete', ';')] : ofValue(node.expression);
  if (ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node)) return ofValue(node.initializer);
  if (ts.isArrowFunction(node) && ofValue(node.body).length > 0) return ofValue(node.body);
  if (isEntry(node)) return [deleteEntry(node)];
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [replace(node, 'change-constant', 'false')];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [replace(node, 'change-constant', 'true')];
  return ofConstant(node);
}

const OPPOSITES: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.EqualsEqualsToken, '!='],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsToken, '=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.LessThanToken, '>='],
  [ts.SyntaxKind.LessThanEqualsToken, '>'],
  [ts.SyntaxKind.GreaterThanToken, '<='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '<'],
]);

/** Returns the mutants of a binary expression: the opposite comparison, or a junction without one operand each. */
function ofBinary(node: ts.BinaryExpression): Mutant[] {
  const opposite = OPPOSITES.get(node.operatorToken.kind);
  if (opposite !== undefined) return [replace(node.operatorToken, 'invert-condition', opposite)];
  if (!isJunction(node))
    return isUsedAsCondition(node) ? [replace(node, 'invert-condition', `!(${node.getText()})`)] : [];
  return [node.right, node.left].map((kept) => replace(node, 'drop-operand', `(${kept.getText()})`));
}

function isJunction({ operatorToken: { kind } }: ts.BinaryExpression): boolean {
  return (
    kind === ts.SyntaxKind.AmpersandAmpersandToken ||
    kind === ts.SyntaxKind.BarBarToken ||
    kind === ts.SyntaxKind.QuestionQuestionToken
  );
}

/** Checks whether a node is the whole condition of its parent and no junction or comparison, which have their own. */
function isUsedAsCondition(node: ts.Node): boolean {
  const { parent } = node;
  if (!ts.isExpression(node) || parent === undefined || ts.isParenthesizedExpression(node)) return false;
  if (ts.isIfStatement(parent)) return parent.expression === node;
  if (ts.isConditionalExpression(parent)) return parent.condition === node;
  return ts.isBinaryExpression(parent) &&
    isJunction(parent) &&
    parent.left === node &&
    !ts.isLiteralExpression(node)
    ? parent.operatorToken.kind !== ts.SyntaxKind.QuestionQuestionToken
    : false;
}

/** Deletes a value that is one clause: not a literal, a table, a function or a condition, whose parts are clauses. */
function ofValue(value: ts.Node | undefined): Mutant[] {
  if (value === undefined || (ts.isIdentifier(value) && value.text === 'undefined')) return [];
  const isOne = [ts.isCallExpression, ts.isNewExpression, ts.isAwaitExpression, ts.isIdentifier];
  return isOne.some((is) => is(value)) ? [replace(value, 'delete', 'undefined')] : [];
}

function isEntry(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isObjectLiteralElementLike(node) && ts.isObjectLiteralExpression(parent))
    return !ts.isMethodDeclaration(node) || node.body !== undefined;
  return ts.isExpression(node) && ts.isArrayLiteralExpression(parent) && !ts.isSpreadElement(node);
}

/** Deletes an entry with the comma behind it. */
function deleteEntry(node: ts.Node): Mutant {
  const text = node.getSourceFile().text;
  const comma = /^\s*,/.exec(text.slice(node.getEnd()))?.[0] ?? '';
  return { operator: 'delete', start: node.getStart(), end: node.getEnd() + comma.length, replacement: '' };
}

/** Sentences are for people: tests do not hold their wording, so changing it would say nothing. */
function ofConstant(node: ts.Node): Mutant[] {
  if (ts.isNumericLiteral(node))
    return [replace(node, 'change-constant', String(Number(node.text.replaceAll('_', '')) + 1))];
  if (ts.isBigIntLiteral(node)) return [replace(node, 'change-constant', `(${node.getText()} + 1n)`)];
  if (ts.isRegularExpressionLiteral(node)) return [replace(node, 'change-constant', '/(?!)/')];
  if (!ts.isStringLiteralLike(node) || isName(node) || node.text.includes(' ')) return [];
  return [replace(node, 'change-constant', JSON.stringify(`${node.text}~`))];
}

function isName(node: ts.Node): boolean {
  return (
    (ts.isPropertyAssignment(node.parent) || ts.isClassElement(node.parent)) && node.parent.name === node
  );
}

function isTypeDeclaration(node: ts.Node): boolean {
  return ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
}

function replace(node: ts.Node, operator: Operator, replacement: string): Mutant {
  return { operator, start: node.getStart(), end: node.getEnd(), replacement };
}
