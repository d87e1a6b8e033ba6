import type { Comment, Node, ParseResult, ParserOptions, Program } from 'oxc-parser';
import { captureError } from '../errors.ts';
import { packageRequire } from '../source-file.ts';
import { LineStarts } from './pieces.ts';

/** A parsed source file. */
export interface Syntax {
  readonly program: Program;
  readonly comments: readonly Comment[];
}

let parser: typeof import('oxc-parser') | undefined;

/** Parses code; the parser is loaded when it is first needed, which in most runs is only in the capturing thread. */
export function parse(file: string, text: string, lang: NonNullable<ParserOptions['lang']>): ParseResult {
  parser ??= packageRequire()('oxc-parser') as typeof import('oxc-parser');
  return parser.parseSync(file, text, { lang, preserveParens: false });
}

/** Parses a TypeScript or JavaScript file by its ending. Throws `capture_failed` with file and line. */
export function parseSource(file: string, text: string): Syntax {
  const lang = /\.[cm]?ts$/.test(file) ? 'ts' : file.endsWith('.tsx') ? 'tsx' : 'jsx';
  const { program, comments, errors } = parse(file, text, lang);
  const [first] = errors;
  if (first) {
    const offset = first.labels[0]?.start;
    const line = offset === undefined ? 0 : new LineStarts(text).positionOf(offset).line;
    throw captureError('capture_failed', { file, line, reason: first.message });
  }
  return { program, comments };
}

/** Visits the nodes directly below a node that are there at run time, in the order of the text. */
export function forEachChild(node: Node, visit: (child: Node) => void): void {
  // Iterators and entries would cost several times as much, and files of libraries have millions of nodes.
  for (const key in node) {
    const value: unknown = node[key as keyof Node];
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (isRuntimeNode(item)) visit(item);
    } else if (isRuntimeNode(value)) visit(value);
  }
}

/** Nodes of TypeScript that are there at run time. */
const RUNTIME_TYPES = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
  'TSParameterProperty',
  'TSEnumDeclaration',
  'TSEnumBody',
  'TSEnumMember',
  'TSModuleDeclaration',
  'TSModuleBlock',
  'TSExportAssignment',
  'TSImportEqualsDeclaration',
  'TSExternalModuleReference',
  'TSQualifiedName',
]);

function isRuntimeNode(value: unknown): value is Node {
  const { type, declare } = (value ?? {}) as { readonly type?: unknown; readonly declare?: unknown };
  if (typeof type !== 'string' || declare === true) return false;
  return !type.startsWith('TS') || RUNTIME_TYPES.has(type);
}

/** Returns an expression without the notes on its type. */
export function withoutTypes(node: Node): Node {
  switch (node.type) {
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
    case 'TSInstantiationExpression':
      return withoutTypes(node.expression);
    default:
      return node;
  }
}

const FUNCTION_TYPES = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

export function isFunction({ type }: Node): boolean {
  return FUNCTION_TYPES.has(type);
}
