import { relative, sep } from 'node:path';
import type { AnyNode } from 'acorn';
import { type CodeText, isOwnSource } from './code-text.ts';
import { forEachChild } from './syntax-tree.ts';
import { LineStarts } from './text-edits.ts';

/** Where a frame of a stack trace was written. */
export interface SourceFrame {
  /** `steps.ts:12:5`, relative to the captured file's folder; `package/file.js:1:2` in an installed package. */
  readonly place: string;
  /** The function around it, as its author calls it; empty for nameless ones and outside of functions. */
  readonly functionName: string;
  readonly isOwn: boolean;
}

/** Tells where the places of a finished bundle were written; asks for the bundle when it is first asked. */
export class SourceLocator {
  readonly #codeOfBundle: () => CodeText;
  readonly #folder: string;
  #known: CodeText | undefined;
  #lines: LineStarts | undefined;

  constructor(codeOfBundle: () => CodeText, folder: string) {
    this.#codeOfBundle = codeOfBundle;
    this.#folder = folder;
  }

  get #code(): CodeText {
    this.#known ??= this.#codeOfBundle();
    return this.#known;
  }

  /** Undefined for code that the bundler added; line and column are counted from 1, as stack traces do. */
  frameAt(line: number, column: number): SourceFrame | undefined {
    this.#lines ??= new LineStarts(this.#code.text);
    const offset = this.#lines.offsetOf(line, column - 1);
    const position = offset === undefined ? undefined : this.#code.positionOf(offset);
    if (offset === undefined || !position) return undefined;
    const isOwn = isOwnSource(position);
    const path = isOwn
      ? relative(this.#folder, position.file)
      : position.file.slice(position.file.lastIndexOf(`node_modules${sep}`) + `node_modules${sep}`.length);
    return {
      place: `${path.replaceAll(sep, '/')}:${position.line}:${position.column}`,
      functionName: this.#functionNameAt(offset),
      isOwn,
    };
  }

  #functionNameAt(offset: number): string {
    let name = '';
    const visit = (node: AnyNode, around: AnyNode | undefined, owner: string): void => {
      if (offset < node.start || node.end <= offset) return;
      let className = owner;
      if (node.type === 'ClassExpression' || node.type === 'ClassDeclaration')
        className = this.#nameOf(node, around);
      else if (functionTypes.has(node.type)) {
        const own = this.#nameOf(node, around);
        const isMethod = around?.type === 'MethodDefinition' && owner !== '';
        if (isMethod) name = own === 'constructor' ? owner : `${owner}.${own}`;
        else name = own;
        className = '';
      }
      // A function stands inside of the call that names it.
      const holder = node.type === 'CallExpression' && around?.type !== 'CallExpression' ? around : node;
      forEachChild(node, (child) => visit(child, holder, className));
    };
    visit(this.#code.program, undefined, '');
    return name;
  }

  #nameOf(node: AnyNode, around: AnyNode | undefined): string {
    const own = 'id' in node ? (node.id as AnyNode | null) : null;
    if (own) return this.#written(own);
    switch (around?.type) {
      case 'VariableDeclarator':
        return around.id.type === 'Identifier' ? this.#written(around.id) : '';
      case 'MethodDefinition':
      case 'PropertyDefinition':
      case 'Property':
        return around.computed ? '' : this.#code.text.slice(around.key.start, around.key.end);
      default:
        return '';
    }
  }

  #written({ start, end }: AnyNode): string {
    return this.#code.positionOf(start)?.name ?? this.#code.text.slice(start, end);
  }
}

const functionTypes = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

const frame = /^at (async )?(new )?(?:(.*?) \()?bundle:(\d+):(\d+)\)?$/;

/**
 * Turns the frames of a stack trace that lie in a bundle into places of its sources, innermost first.
 *
 * Frames of the bundler's own code are left out, and so is everything that called the author's code.
 *
 * @spec DML-EXE-0917
 */
export function traceInSources(trace: readonly string[], locator: SourceLocator): readonly string[] {
  const frames = trace.flatMap((line) => {
    const [, async = '', isNew = '', given = '', row, column] = frame.exec(line) ?? [];
    const found = row === undefined ? undefined : locator.frameAt(Number(row), Number(column));
    if (!found) return [];
    const { place, functionName, isOwn } = found;
    const isNameless = given === '' || functionName === '';
    return [
      { line: isNameless ? `at ${async}${place}` : `at ${async}${isNew}${functionName} (${place})`, isOwn },
    ];
  });
  // @spec DML-EXE-0918
  const last = frames.findLastIndex(({ isOwn }) => isOwn);
  return (last < 0 ? frames : frames.slice(0, last + 1)).map(({ line }) => line);
}
