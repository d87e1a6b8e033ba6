import { unknownId } from './command-show.ts';
import { readGenerated, writeFiles } from './disk.ts';
import { isRed, sortFindings } from './finding.ts';
import { type Answer, EXIT } from './output.ts';
import { mayWrite, outdatedFindings, plan, type Reviewing } from './plan.ts';
import { formatFindings } from './wording.ts';
import { readSuite } from './workspace.ts';

/**
 * Reports every finding of the suite.
 *
 * @spec DML-TRC-0605
 */
export function check(root: string, today: string): Answer {
  const { findings, files } = plan(readSuite(root, today));
  // Without results or a readable index nothing can be said about the generated files.
  const outdated = mayWrite(findings) ? outdatedFindings(files, readGenerated(root)) : [];
  const all = sortFindings([...findings, ...outdated]);
  return { exitCode: isRed(all) ? EXIT.red : EXIT.green, text: formatFindings(all), json: { findings: all } };
}

const NOTHING_WRITTEN = 'wrote nothing: the generated files keep what the last complete run showed';

/** Writes the generated files that differ, then reports the findings that remain. */
export function generate(root: string, today: string): Answer {
  const { findings, files } = plan(readSuite(root, today));
  const isAllowed = mayWrite(findings);
  const written = isAllowed ? writeFiles(root, files, readGenerated(root)) : [];
  // @spec DML-TRC-0610
  const lines = isAllowed ? written.map((path) => `wrote ${path}`) : [NOTHING_WRITTEN];
  return {
    exitCode: isRed(findings) ? EXIT.red : EXIT.green,
    text: [...lines, formatFindings(findings)].join('\n'),
    json: { written, findings },
  };
}

/** Records that the texts of the ids named, or of all suspect requirements, were reviewed. */
export function review(root: string, today: string, wanted: Reviewing): Answer {
  const { requirements, reviewed, findings, files } = plan(readSuite(root, today), wanted);
  for (const id of wanted === 'all' ? [] : wanted)
    if (!requirements.some((requirement) => requirement.id === id)) throw unknownId(root, id);
  const isAllowed = mayWrite(findings);
  if (!isAllowed)
    return {
      exitCode: EXIT.red,
      text: [NOTHING_WRITTEN, formatFindings(findings)].join('\n'),
      json: { reviewed: [], written: [], findings },
    };
  const written = writeFiles(root, files, readGenerated(root));
  return {
    exitCode: EXIT.green,
    text: reviewed.length === 0 ? 'nothing to review' : reviewed.map((id) => `reviewed ${id}`).join('\n'),
    json: { reviewed, written },
  };
}
