import type { TextFile } from './file-role.ts';
import type { Finding } from './finding.ts';
import { ID_PATTERN, idsIn } from './requirement-id.ts';
import type { Requirement } from './spec-document.ts';

/** The place in the code that decides a requirement. */
export interface Owner {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  /** Place in the text where the word `@spec` of its comment begins. */
  readonly offset: number;
}

// A quote before the comment makes it a text.
const CITATION = new RegExp(`(?:^\\s*\\*|(?<!['"\`])/[/*]).*?(@spec(?:[ \\t,]+${ID_PATTERN})+)`, 'd');

/** Lists the owners that a source file declares in its comments, in source order. */
export function ownersIn({ path, text }: TextFile): Owner[] {
  if (!text.includes('@spec')) return [];
  const owners: Owner[] = [];
  let lineStart = 0;
  for (const [index, line] of text.split('\n').entries()) {
    // @spec DML-TRC-0301
    const match = CITATION.exec(line);
    const offset = lineStart + (match?.indices?.[1]?.[0] ?? 0);
    for (const id of idsIn(match?.[1] ?? '')) owners.push({ id, file: path, line: index + 1, offset });
    lineStart += line.length + 1;
  }
  return owners;
}

/** Returns the text form of an owner. */
export function formatOwner({ file, line }: Owner): string {
  return `${file}:${line}`;
}

/** Judges the owners that the code declares. */
export function ownerFindings(
  owners: readonly Owner[],
  requirements: ReadonlyMap<string, Requirement>,
): Finding[] {
  const findings: Finding[] = [];
  const first = new Map<string, Owner>();
  for (const owner of owners) {
    const { id, file } = owner;
    const kind = requirements.get(id)?.marks.kind;
    const detail = formatOwner(owner);
    // @spec DML-TRC-0304
    if (kind === 'planned') findings.push({ code: 'planned_owned', id, file, detail });
    // @spec DML-TRC-0305
    if (kind === 'retired') findings.push({ code: 'retired_owned', id, file, detail });
    const earlier = first.get(id) ?? owner;
    first.set(id, earlier);
    // @spec DML-TRC-0302
    if (earlier !== owner)
      findings.push({ code: 'owner_duplicate', id, file, detail: `${detail} and ${formatOwner(earlier)}` });
  }
  return findings;
}
