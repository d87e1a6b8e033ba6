import { readIndexes, readSpecs, unknownId } from './command-show.ts';
import { renderCompliance } from './compliance.ts';
import { readGenerated, writeFiles } from './disk.ts';
import { renderIndexFile } from './index-file.ts';
import { type Answer, EXIT, UsageError } from './output.ts';
import type { IndexedRequirement, PackageIndex } from './requirement-index.ts';
import { parseSpecDocument, type Requirement } from './spec-document.ts';
import { deriveState } from './state.ts';
import type { TextFile } from './text-file.ts';

/** What a review changes: a plain value, computed from the index and the specifications. */
export interface ReviewPlan {
  readonly reviewed: readonly string[];
  readonly files: readonly TextFile[];
}

/** Computes the index after the ids named, or all suspect ones, were reviewed. */
export function planReview(
  indexes: readonly PackageIndex[],
  requirements: ReadonlyMap<string, Requirement>,
  wanted: readonly string[] | 'all',
): ReviewPlan {
  const reviewed: string[] = [];
  const next = indexes.map((index) => ({
    ...index,
    requirements: index.requirements.map((record) => {
      const requirement = requirements.get(record.id);
      // @spec DML-TRC-0804
      if (requirement === undefined || !isWanted(record, requirement, wanted)) return record;
      reviewed.push(record.id);
      return reviewRecord(record, requirement);
    }),
  }));
  return { reviewed: reviewed.sort(), files: [...next.map(renderIndexFile), renderCompliance(next)] };
}

/** Records that the texts of the ids named, or of all suspect ones, were reviewed. */
export function review(root: string, wanted: readonly string[] | 'all'): Answer {
  const requirements = new Map(
    readSpecs(root)
      .flatMap((file) => parseSpecDocument(file).requirements)
      .map((requirement) => [requirement.id, requirement]),
  );
  const indexes = readIndexes(root);
  const recorded = new Set(indexes.flatMap((index) => index.requirements.map(({ id }) => id)));
  for (const id of wanted === 'all' ? [] : wanted) {
    if (!requirements.has(id)) throw unknownId(root, id);
    if (!recorded.has(id))
      throw new UsageError(`${id} is not in the index yet; run \`npm run spec -- generate\``);
  }
  const { reviewed, files } = planReview(indexes, requirements, wanted);
  const written = writeFiles(root, files, readGenerated(root));
  return {
    exitCode: EXIT.green,
    text: reviewed.length === 0 ? 'nothing to review' : reviewed.map((id) => `reviewed ${id}`).join('\n'),
    json: { reviewed, written },
  };
}

function isWanted(
  record: IndexedRequirement,
  requirement: Requirement,
  wanted: readonly string[] | 'all',
): boolean {
  // @spec DML-TRC-0805
  if (wanted === 'all') return requirement.fingerprint !== record.reviewed;
  return wanted.includes(record.id);
}

function reviewRecord(record: IndexedRequirement, requirement: Requirement): IndexedRequirement {
  const { fingerprint } = requirement;
  const state = deriveState({
    disposition: requirement.marks.disposition.kind,
    fingerprint,
    reviewed: fingerprint,
    ownerCount: record.owners.length,
    tests: record.tests,
  });
  return { ...record, fingerprint, reviewed: fingerprint, state };
}
