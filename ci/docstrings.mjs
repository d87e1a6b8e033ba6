/**
 * Gate: doc comments open as docs/STYLE.md says.
 *
 * A function opens with a verb in the third person (Returns, Creates, Checks whether), everything else with a noun
 * phrase, and nothing with a word of `NOT_OPENINGS`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { filesBelow, runGate } from './gate.mjs';

/** Openings that make a reader translate: private verbs, and clauses that never name their noun. */
const NOT_OPENINGS = new Set([
  ...['Tells', 'Told', 'Says', 'Lets', 'Gives', 'Goes', 'Stands', 'What', 'Whatever', 'Whether', 'How'],
  ...['Where', 'When', 'Who', 'Whoever', 'Whose', 'Why', 'Which'],
]);
const FUNCTION_OPENINGS = new Set(['Returns', 'Checks', 'Creates', 'Throws', 'Yields']);
const NOT_VERBS = new Set(['As', 'Always', 'Does', 'Has', 'Is', 'Its', 'This', 'Was', 'Less']);

const isSource = (path) => /\.(?:ts|mjs)$/.test(path) && !/\.(?:test|d)\.(?:ts|mjs)$/.test(path);

export function check(root) {
  return filesBelow(root, isSource).flatMap((file) =>
    problemsIn(file, readFileSync(join(root, file), 'utf8')),
  );
}

function problemsIn(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const problems = [];
  const visit = (node) => {
    const comment = node.jsDoc?.at(-1);
    const opening = comment && openingOf(comment);
    const problem = opening && openingProblem(node, opening);
    if (problem) {
      const line = source.getLineAndCharacterOfPosition(comment.pos).line + 1;
      problems.push(`${file}:${line}: ${problem}: ${opening}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return problems;
}

/** Returns the first word of a doc comment; nothing where it holds tags only. */
function openingOf(comment) {
  return ts
    .getTextOfJSDocComment(comment.comment)
    ?.trim()
    .match(/^\S+/)?.[0]
    .replace(/[.,:;]$/, '');
}

function openingProblem(node, opening) {
  const declared = declarationOf(node);
  if (declared === undefined) return undefined;
  if (NOT_OPENINGS.has(opening)) return 'not an opening of a doc comment';
  if (isEither(declared)) return undefined;
  if (!ts.isFunctionLike(declared))
    return FUNCTION_OPENINGS.has(opening) ? 'only a function opens so' : undefined;
  if (!/^[A-Z][a-z-]+s$/.test(opening) || NOT_VERBS.has(opening))
    return 'a function opens with a verb in the third person';
  return opening === 'Yields' && !isIterated(declared) ? 'only a generator yields' : undefined;
}

/** Returns what a documented node declares; nothing where the comment describes the file, as above an import. */
function declarationOf(node) {
  if (ts.isVariableStatement(node)) return functionIn(node.declarationList.declarations[0]) ?? node;
  if (ts.isPropertyAssignment(node) || ts.isPropertyDeclaration(node)) return functionIn(node) ?? node;
  return ts.isDeclaration(node) ? node : undefined;
}

function functionIn(node) {
  const value = node?.initializer;
  return value && (ts.isArrowFunction(value) || ts.isFunctionExpression(value)) ? value : undefined;
}

/** Checks whether a declaration may open either way: an accessor, or a field or constant that may hold a function. */
function isEither(node) {
  const made = ts.isVariableStatement(node) && node.declarationList.declarations[0]?.initializer;
  const isTypedSo = !ts.isFunctionLike(node) && node.type && ts.isFunctionTypeNode(node.type);
  return ts.isAccessor(node) || isTypedSo || (made && ts.isCallExpression(made));
}

function isIterated(node) {
  return node.asteriskToken !== undefined || /Iter|Generator/.test(node.type?.getText() ?? '');
}

await runGate(import.meta.url, 'docstrings', check);
