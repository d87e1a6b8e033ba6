import type { ListItem, Nodes, Root } from 'mdast';
import { isOverview, packageOf } from './document-package.ts';
import type { Finding } from './finding.ts';
import { fingerprint } from './fingerprint.ts';
import { isBinding, keywordsIn, type Level } from './keyword.ts';
import { type Marks, parseMarks } from './mark.ts';
import { headingSlugs, isParent, lineOf, parseMarkdown, proseOf, visit } from './markdown.ts';
import { ID_PATTERN } from './requirement-id.ts';
import type { TextFile } from './text-file.ts';
import type { FindingCode } from './wording.ts';

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

const HEAD = new RegExp(`^\\[(${ID_PATTERN})\\](?!\\()`);
const ALMOST_HEAD = /^[*_`]*\[[*_`]*(DML-[^\]\s]*?)[*_`]*\](?!\()/i;
const MAX_COLUMNS = 100;

/** Parses a specification document; what is wrong with it comes back as findings. */
export function parseSpecDocument(file: TextFile): SpecDocument {
  const root = parseMarkdown(file.text);
  const reader = new RequirementReader(file, root);
  reader.read(root);
  reader.noteHidden(root);
  const findings = [...reader.findings, ...longLines(file)];
  // @spec DML-TRC-0109
  if (reader.requirements.length === 0 && !isOverview(file.path)) {
    findings.push({ code: 'document_empty', file: file.path, detail: 'no requirement' });
  }
  return { path: file.path, packageName: packageOf(file), requirements: reader.requirements, findings };
}

class RequirementReader {
  readonly requirements: Requirement[] = [];
  readonly findings: Finding[] = [];
  readonly #file: TextFile;
  readonly #packageName: string;
  readonly #slugs: ReadonlyMap<Nodes, string>;
  #section = '';

  constructor(file: TextFile, root: Root) {
    this.#file = file;
    this.#packageName = packageOf(file);
    this.#slugs = headingSlugs(root);
  }

  read(node: Nodes): void {
    // @spec DML-TRC-0113
    if (node.type === 'heading') this.#section = this.#slugs.get(node) ?? '';
    if (node.type === 'listItem' && this.#idOf(node) !== undefined) this.#readRequirement(node);
    else if (node.type === 'paragraph') this.#readStray(node);
    else if (node.type === 'heading') this.#noteKeywords(node, keywordsIn(proseOf(node)));
    if (isParent(node)) for (const child of this.#unread(node)) this.read(child);
  }

  /** Returns the children of a node that belong to no requirement. */
  #unread(node: Nodes): readonly Nodes[] {
    if (!isParent(node)) return [];
    if (node.type !== 'listItem' || this.#idOf(node) === undefined) return node.children;
    return node.children.filter((child) => this.#holdsRequirement(child));
  }

  #idOf(node: Nodes): string | undefined {
    if (node.type !== 'listItem') return undefined;
    const [first] = node.children;
    return first?.type === 'paragraph' ? HEAD.exec(this.#source(first))?.[1] : undefined;
  }

  #holdsRequirement(node: Nodes): boolean {
    if (this.#idOf(node) !== undefined) return true;
    return isParent(node) && node.children.some((child) => this.#holdsRequirement(child));
  }

  #source(node: Nodes): string {
    return this.#file.text.slice(node.position?.start.offset, node.position?.end.offset);
  }

  #readRequirement(item: ListItem): void {
    const id = this.#idOf(item) ?? '';
    const own = item.children.filter((child) => !this.#holdsRequirement(child));
    const source = own.map((child) => this.#source(child)).join('\n');
    const { marks, invalid, rest } = parseMarks(source.slice(id.length + 2));
    for (const mark of invalid) this.#report('mark_invalid', id, mark || '{}');
    const text = rest.replace(/\s+/g, ' ').trim();
    const keywords = keywordsIn(
      parseMarks(
        own
          .map(proseOf)
          .join(' ')
          .slice(id.length + 2),
      ).rest,
    );
    this.#checkKeywords(id, keywords, marks);
    this.requirements.push({
      id,
      document: this.#file.path,
      packageName: this.#packageName,
      section: this.#section,
      text,
      fingerprint: fingerprint(text),
      level: keywords[0] ?? 'NORM',
      marks,
    });
  }

  #checkKeywords(id: string, keywords: readonly Level[], { norm, disposition }: Marks): void {
    // @spec DML-TRC-0106
    if (keywords.length > 1) this.#report('keyword_repeated', id, keywords.join(', '));
    // @spec DML-TRC-0107
    if (keywords.length === 0 && !norm) this.#report('keyword_missing', id, 'no keyword and no norm mark');
    if (keywords.length > 0 && norm) this.#report('mark_invalid', id, `norm beside ${keywords[0]}`);
    // @spec DML-TRC-0991
    if (disposition.kind === 'measured' && isBinding(keywords[0] ?? 'NORM'))
      this.#report('mark_invalid', id, 'measured on a binding requirement');
  }

  #readStray(paragraph: Nodes): void {
    const almost = ALMOST_HEAD.exec(this.#source(paragraph))?.[1];
    // @spec DML-TRC-0101
    if (almost !== undefined) {
      const line = lineOf(paragraph);
      this.findings.push({
        code: 'requirement_malformed',
        file: this.#file.path,
        detail: `${almost} in line ${line}`,
      });
      return;
    }
    const prose = proseOf(paragraph);
    // A sentence about the keywords themselves is the one place where they bind nothing.
    if (/RFC[ -]?2119/.test(prose)) return;
    // @spec DML-TRC-0111
    this.#noteKeywords(paragraph, keywordsIn(prose));
  }

  /** Notes what reads like a rule where no rule is read, also inside requirements. */
  noteHidden(root: Root): void {
    visit(root, (node) => {
      // @spec DML-TRC-0919
      if (node.type === 'code' || node.type === 'html') this.#noteKeywords(node, keywordsIn(node.value));
      // @spec DML-TRC-0920
      else if (node.type === 'text') this.#noteKeywords(node, node.value.match(/\b(?:must|shall)\b/g) ?? []);
    });
  }

  #noteKeywords(node: Nodes, keywords: readonly string[]): void {
    for (const keyword of keywords)
      this.findings.push({
        code: 'keyword_without_id',
        file: this.#file.path,
        detail: `${keyword} in line ${lineOf(node)}`,
      });
  }

  #report(code: FindingCode, id: string, detail: string): void {
    this.findings.push({ code, id, file: this.#file.path, detail });
  }
}

function longLines(file: TextFile): Finding[] {
  const findings: Finding[] = [];
  for (const [index, line] of file.text.split('\n').entries()) {
    const columns = [...line.replace(/\r$/, '')].length;
    // @spec DML-TRC-0110
    if (columns > MAX_COLUMNS) {
      findings.push({
        code: 'line_too_long',
        file: file.path,
        detail: `line ${index + 1}: ${columns} columns`,
      });
    }
  }
  return findings;
}
