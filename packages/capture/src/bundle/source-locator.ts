import { readFileSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { TraceMap } from '@jridgewell/trace-mapping';
import type { Node } from 'oxc-parser';
import { LineStarts, type Piece, PieceText, type Position } from '../by-name/pieces.ts';
import { forEachChild, isFunction, parseSource } from '../by-name/syntax-tree.ts';
import { packageRequire } from '../source-file.ts';
import { isEntry, sourcePath } from './module-names.ts';
import { installedPackageOf } from './native-packages.ts';

/** Source position of a frame of a stack trace. */
export interface SourceFrame {
  /** `steps.ts:12:5`, relative to the captured file's folder; `package/file.js:1:2` in an installed package. */
  readonly place: string;
  /** The function around it, as its author calls it; empty for nameless ones and outside of functions. */
  readonly functionName: string;
  readonly isOwn: boolean;
}

/** The way from a bundle back to its sources, step by step. */
export interface SourceTrail {
  /** Folder that the paths of the bundler's source map begin from. */
  readonly folder: string;
  /** Source map of the step that shortens names, if there was one. */
  readonly renaming: string | undefined;
  /** Pieces of the bundler's output that are left before that step. */
  readonly edits: readonly Piece[];
  readonly bundledText: string;
  /** Source map of the bundler. */
  readonly bundling: string;
  /** Files of the author, with the pieces that the bundler was given of them. */
  readonly own: readonly {
    readonly file: string;
    readonly text: string;
    readonly pieces: readonly Piece[];
  }[];
  /** Other files of the author that the bundle takes in, such as JSON. */
  readonly data: readonly { readonly file: string; readonly text: string }[];
}

/** Files of the author that a function was made of. */
export interface AuthorSources {
  /** Of the module that exports the function. */
  readonly folder: string;
  /** By their absolute paths. */
  readonly files: readonly { readonly file: string; readonly text: string }[];
}

/** Finds where the places of a finished bundle were written; reads source maps when it is first asked. */
export class SourceLocator {
  readonly #packed: Uint8Array | undefined;
  #known: SourceTrail | undefined;
  #steps: Steps | undefined;
  readonly #roots = new Map<string, SourceTree | undefined>();

  /** Creates the locator of a trail, or of one that `pack` wrote. */
  constructor(trail: SourceTrail | Uint8Array) {
    if (trail instanceof Uint8Array) this.#packed = trail;
    else this.#known = trail;
  }

  get #trail(): SourceTrail {
    this.#known ??= JSON.parse(inflateRawSync(this.#packed as Uint8Array).toString()) as SourceTrail;
    return this.#known;
  }

  /** Returns what another process can create this locator of. */
  pack(): Uint8Array {
    return this.#packed ?? deflateRawSync(JSON.stringify(this.#trail), { level: 1 });
  }

  /**
   * Returns the files of the author, with what they held when they were captured.
   *
   * @spec DML-CAP-3000
   */
  sources(): AuthorSources {
    const { folder, own, data } = this.#trail;
    return { folder, files: [...own, ...data].map(({ file, text }) => ({ file, text })) };
  }

  /** Returns the frame of a position counted from 1; undefined for code that the bundler added. */
  frameAt(line: number, column: number): SourceFrame | undefined {
    this.#steps ??= new Steps(this.#trail);
    const found = this.#steps.sourceOf({ line, column: column - 1 });
    if (!found) return undefined;
    const { file, position, isOwn } = found;
    const installed = isOwn ? undefined : installedPackageOf(file);
    const path = installed
      ? (installed.name + file.slice(installed.folder.length)).replaceAll(sep, '/')
      : relative(this.#trail.folder, file).replaceAll(sep, '/');
    return {
      place: `${path}:${position.line}:${position.column + 1}`,
      functionName: this.#functionNameAt(file, position),
      isOwn,
    };
  }

  #functionNameAt(file: string, { line, column }: Position): string {
    if (!this.#roots.has(file)) this.#roots.set(file, this.#treeOf(file));
    const tree = this.#roots.get(file);
    const offset = tree?.lines.offsetOf(line, column);
    return tree && offset !== undefined ? functionNameAt(tree.root, tree.text, offset) : '';
  }

  #treeOf(file: string): SourceTree | undefined {
    try {
      const own = this.#trail.own.find((one) => one.file === file);
      const text = own ? own.text : readFileSync(file, 'utf8');
      return { text, root: parseSource(file, text).program, lines: new LineStarts(text) };
    } catch {
      return undefined;
    }
  }
}

interface SourceTree {
  readonly text: string;
  readonly root: Node;
  readonly lines: LineStarts;
}

/** Returns the library that reads source maps; it is loaded when the first place is looked up. */
function traceMapping(): typeof import('@jridgewell/trace-mapping') {
  return packageRequire()('@jridgewell/trace-mapping') as typeof import('@jridgewell/trace-mapping');
}

/** Follows a place of a bundle through everything that was done to its text. */
class Steps {
  readonly #originalPosition: typeof import('@jridgewell/trace-mapping').originalPositionFor;
  readonly #folder: string;
  readonly #renaming: TraceMap | undefined;
  readonly #edited: PieceText;
  readonly #bundling: TraceMap;
  readonly #own: ReadonlyMap<string, PieceText>;

  constructor({ folder, renaming, edits, bundledText, bundling, own }: SourceTrail) {
    const { originalPositionFor, TraceMap } = traceMapping();
    this.#originalPosition = originalPositionFor;
    this.#folder = folder;
    this.#renaming = renaming === undefined ? undefined : new TraceMap(renaming);
    this.#edited = new PieceText(bundledText, edits);
    this.#bundling = new TraceMap(bundling);
    this.#own = new Map(own.map(({ file, text, pieces }) => [file, new PieceText(text, pieces)]));
  }

  sourceOf(place: Position): { file: string; position: Position; isOwn: boolean } | undefined {
    const named = this.#renaming ? this.#originalPosition(this.#renaming, place) : place;
    if (named.line === null) return undefined;
    const bundled = this.#edited.positionBefore(named.line, named.column);
    const written = bundled && this.#originalPosition(this.#bundling, bundled);
    if (!written || written.source === null || isEntry(written.source)) return undefined;
    const file = sourcePath(resolve(this.#folder, decodeURIComponent(written.source)));
    const own = this.#own.get(file);
    const position = own ? own.positionBefore(written.line, written.column) : written;
    return position && { file, position, isOwn: own !== undefined };
  }
}

/** Returns what the author calls the innermost function around an offset. */
function functionNameAt(root: Node, text: string, offset: number): string {
  let name = '';
  const visit = (node: Node, around: Node | undefined, owner: string): void => {
    if (offset < node.start || node.end <= offset) return;
    let className = owner;
    if (node.type === 'ClassExpression' || node.type === 'ClassDeclaration')
      className = nameOf(node, around, text);
    else if (isFunction(node)) {
      const own = nameOf(node, around, text);
      const isMethod = around?.type === 'MethodDefinition' && owner !== '';
      if (isMethod) name = own === 'constructor' ? owner : `${owner}.${own}`;
      else name = own;
      className = '';
    }
    forEachChild(node, (child) => visit(child, node.type.startsWith('TS') ? around : node, className));
  };
  visit(root, undefined, '');
  return name;
}

function nameOf(node: Node, around: Node | undefined, text: string): string {
  const own = 'id' in node ? (node.id as { readonly name?: string } | null) : null;
  if (own?.name !== undefined) return own.name;
  switch (around?.type) {
    case 'VariableDeclarator':
      return around.id.type === 'Identifier' ? around.id.name : '';
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'Property':
      return around.computed ? '' : text.slice(around.key.start, around.key.end);
    case 'ExportDefaultDeclaration':
      return 'default';
    default:
      return '';
  }
}

const frame = /^at (async )?(new )?(?:(.*?) \()?bundle:(\d+):(\d+)\)?$/;

/**
 * Turns the frames of a stack trace that lie in a bundle into places of its sources, innermost first.
 *
 * Frames of the bundler's own code are left out, and so is everything that called the author's code.
 */
export function traceInSources(trace: readonly string[], locator: SourceLocator): readonly string[] {
  const frames = trace.flatMap((line) => {
    const [, async = '', isNew = '', given = '', row, column] = frame.exec(line) ?? [];
    // @spec DML-EXE-0917
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
