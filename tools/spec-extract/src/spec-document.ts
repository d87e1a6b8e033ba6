import { createHash } from 'node:crypto';
import type { ListItem, Nodes, Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import type { TextFile } from './file-role.ts';
import type { Finding, FindingCode } from './finding.ts';
import { isBinding, keywordsIn, type Level } from './keyword.ts';
import { type Marks, parseMarks } from './mark.ts';
import { headingSlugs, isParent, lineOf, nodesOf, proseOf } from './markdown.ts';
import { ID_PATTERN } from './requirement-id.ts';

/** One requirement as its document states it. */
export interface Requirement {
  readonly id: string;
  readonly document: string;
  readonly packageName: string;
  /** Slug of the nearest heading above; empty before the first heading. */
  readonly section: string;
  /** The text without id and marks, white space collapsed. */
  readonly text: string;
  readonly fingerprint: string;
  readonly level: Level;
  readonly marks: Marks;
}

/** A parsed specification document. */
export interface SpecDocument {
  readonly path: string;
  readonly packageName: string;
  readonly requirements: readonly Requirement[];
  readonly findings: readonly Finding[];
}

const DOCUMENT = /^specs\/(\d\d)-([a-z0-9]+(?:-[a-z0-9]+)*)\.md$/;
const LOCATION = /^#+ +(?:\d+\. +)?Implementation location *$([\s\S]*?)(?=^#|(?![\s\S]))/m;
const HEAD = new RegExp(`^\\[(${ID_PATTERN})\\](?!\\()`);
const ALMOST_HEAD = /^[*_`]*\[[*_`]*(DML-[^\]\s]*?)[*_`]*\](?!\()/i;
const MAX_COLUMNS = 100;

/** Checks whether a path is that of a specification document: two digits and a name. */
export function isSpecDocument(path: string): boolean {
  return DOCUMENT.test(path);
}

/** Checks whether a document is the overview, which belongs to no package and needs no requirement. */
export function isOverview({ path }: { readonly path: string }): boolean {
  return path.startsWith('specs/00-');
}

/** Returns the package of a document: the one that its implementation location names first, or its own name. */
function packageOf({ path, text }: TextFile): string {
  const location = LOCATION.exec(text)?.[1] ?? '';
  // @spec DML-TRC-0913
  return /\b(?:packages|tools)\/([a-z0-9-]+)/.exec(location)?.[1] ?? DOCUMENT.exec(path)?.[2] ?? path;
}

/** Parses a specification document; what is wrong with it comes back as findings. */
export function parseSpecDocument(file: TextFile): SpecDocument {
  const reader = new RequirementReader(file);
  const { requirements, findings, packageName } = reader;
  // @spec DML-TRC-0109
  if (requirements.length === 0 && !isOverview(file)) reader.report('document_empty', 'no requirement');
  for (const [index, line] of file.text.split(/\r?\n/).entries()) {
    const columns = [...line].length;
    // @spec DML-TRC-0110
    if (columns > MAX_COLUMNS) reader.report('line_too_long', `line ${index + 1}: ${columns} columns`);
  }
  return { path: file.path, packageName, requirements, findings };
}

class RequirementReader {
  readonly requirements: Requirement[] = [];
  readonly findings: Finding[] = [];
  readonly packageName: string;
  readonly #file: TextFile;
  readonly #slugs: ReadonlyMap<Nodes, string>;
  #section = '';

  constructor(file: TextFile) {
    const root = fromMarkdown(file.text);
    this.#file = file;
    this.packageName = packageOf(file);
    this.#slugs = headingSlugs(root);
    this.#read(root);
    this.#noteHidden(root);
  }

  report(code: FindingCode, detail: string, id?: string): void {
    this.findings.push({ code, file: this.#file.path, detail, ...(id !== undefined && { id }) });
  }

  #read(node: Nodes): void {
    // @spec DML-TRC-0113
    if (node.type === 'heading') this.#section = this.#slugs.get(node) ?? '';
    const id = this.#idOf(node);
    if (node.type === 'listItem' && id !== undefined) this.#readRequirement(node, id);
    else if (node.type === 'paragraph') this.#readStray(node);
    else if (node.type === 'heading') this.#noteKeywords(node, keywordsIn(proseOf(node)));
    if (!isParent(node)) return;
    for (const child of node.children)
      if (id === undefined || this.#holdsRequirement(child)) this.#read(child);
  }

  #idOf(node: Nodes): string | undefined {
    if (node.type !== 'listItem') return undefined;
    const [first] = node.children;
    return first?.type === 'paragraph' ? HEAD.exec(this.#source(first))?.[1] : undefined;
  }

  #holdsRequirement(node: Nodes): boolean {
    return nodesOf(node).some((at) => this.#idOf(at) !== undefined);
  }

  #source(node: Nodes): string {
    return this.#file.text.slice(node.position?.start.offset, node.position?.end.offset);
  }

  #readRequirement(item: ListItem, id: string): void {
    const own = item.children.filter((child) => !this.#holdsRequirement(child));
    const behindId = (parts: readonly string[]): string => parts.join('\n').slice(id.length + 2);
    const { marks, invalid, rest } = parseMarks(behindId(own.map((child) => this.#source(child))));
    for (const mark of invalid) this.report('mark_invalid', mark || '{}', id);
    const text = rest.replace(/\s+/g, ' ').trim();
    const keywords = keywordsIn(parseMarks(behindId(own.map(proseOf))).rest);
    const level = keywords[0] ?? 'NORM';
    // @spec DML-TRC-0106
    if (keywords.length > 1) this.report('keyword_repeated', keywords.join(', '), id);
    // @spec DML-TRC-0107
    if (level === 'NORM' && !marks.norm) this.report('keyword_missing', 'no keyword and no norm mark', id);
    if (level !== 'NORM' && marks.norm) this.report('mark_invalid', `norm and ${level}`, id);
    // @spec DML-TRC-0991
    if (marks.kind === 'measured' && isBinding(level))
      this.report('mark_invalid', `measured and ${level}`, id);
    const { packageName } = this;
    const place = { document: this.#file.path, packageName, section: this.#section };
    this.requirements.push({ id, ...place, text, fingerprint: fingerprintOf(text), level, marks });
  }

  #readStray(paragraph: Nodes): void {
    const almost = ALMOST_HEAD.exec(this.#source(paragraph))?.[1];
    const prose = proseOf(paragraph);
    // @spec DML-TRC-0101
    if (almost !== undefined) this.report('requirement_malformed', `${almost} in line ${lineOf(paragraph)}`);
    // A sentence about the keywords themselves is the one place where they bind nothing.
    else if (!/RFC[ -]?2119/.test(prose)) {
      // @spec DML-TRC-0111
      this.#noteKeywords(paragraph, keywordsIn(prose));
    }
  }

  /** Notes what reads like a rule where no rule is read, also inside requirements. */
  #noteHidden(root: Root): void {
    for (const node of nodesOf(root)) {
      // @spec DML-TRC-0919
      if (node.type === 'code' || node.type === 'html') this.#noteKeywords(node, keywordsIn(node.value));
      // @spec DML-TRC-0920
      if (node.type === 'text') this.#noteKeywords(node, node.value.match(/\b(?:must|shall)\b/g) ?? []);
    }
  }

  #noteKeywords(node: Nodes, keywords: readonly string[]): void {
    for (const keyword of keywords) this.report('keyword_without_id', `${keyword} in line ${lineOf(node)}`);
  }
}

function fingerprintOf(text: string): string {
  // @spec DML-TRC-0112
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 16);
}
