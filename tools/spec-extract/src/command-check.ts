import { readGenerated, writeFiles } from './disk.ts';
import { isRed, sortFindings } from './finding.ts';
import { type Answer, EXIT } from './output.ts';
import { mayWrite, outdatedFindings, plan } from './plan.ts';
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
