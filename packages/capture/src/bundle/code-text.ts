import { basename } from 'node:path';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import type { Program } from 'acorn';
import { type Scopes, scopesOf } from './scopes.ts';
import { parseBundle } from './syntax-tree.ts';
import { applyEdits, LineStarts, type TextEdit } from './text-edits.ts';

/** A place in a source file. */
export interface SourcePosition {
  /** Absolute path. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  /** What the source calls the name that stands there, if a name stands there. */
  readonly name: string | undefined;
}

/** The text of a bundle on its way to the canonical one, which can tell where each of its places comes from. */
export class CodeText {
  readonly text: string;
  /** Where the code at an offset was written; undefined for code that the bundler added. */
  readonly positionOf: (offset: number) => SourcePosition | undefined;
  #program: Program | undefined;
  #scopes: Scopes | undefined;

  private constructor(text: string, positionOf: (offset: number) => SourcePosition | undefined) {
    this.text = text;
    this.positionOf = positionOf;
  }

  /** The text that a bundler wrote, with its source map; `fileOf` yields the absolute path of a source. */
  static of(text: string, sourceMap: string, fileOf: (source: string) => string): CodeText {
    let traces: TraceMap | undefined;
    let lines: LineStarts | undefined;
    return new CodeText(text, (offset) => {
      traces ??= new TraceMap(sourceMap);
      lines ??= new LineStarts(text);
      const { source, line, column, name } = originalPositionFor(traces, lines.positionOf(offset));
      if (source === null) return undefined;
      // The map leaves names out that are the same in the bundle.
      const written =
        name ?? /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u.exec(text.slice(offset, offset + 200))?.[0];
      return { file: fileOf(source), line, column: column + 1, name: written };
    });
  }

  get program(): Program {
    this.#program ??= parseBundle(this.text);
    return this.#program;
  }

  get scopes(): Scopes {
    this.#scopes ??= scopesOf(this.program);
    return this.#scopes;
  }

  /** The text after edits. */
  edited(edits: readonly TextEdit[]): CodeText {
    if (edits.length === 0) return this;
    const { text, offsetBefore } = applyEdits(this.text, edits);
    return new CodeText(text, (offset) => this.positionOf(offsetBefore(offset)));
  }
}

/** What the source map calls the statement that names the export to capture. */
export const ENTRY_SOURCE = '<stdin>';

/** Checks whether the author wrote what stands there: it is of no installed package and not the entry statement. */
export function isOwnSource({ file }: SourcePosition): boolean {
  return !/[\\/]node_modules[\\/]/.test(file) && basename(file) !== ENTRY_SOURCE;
}
