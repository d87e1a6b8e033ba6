import { readJUnitReport } from './junit-report.ts';
import type { ReportedTest } from './test-result.ts';
import type { TextFile } from './text-file.ts';
import { readVitestReport } from './vitest-report.ts';

/** The tests of one result file, or why it cannot be read. */
export type ResultFile =
  | { readonly readable: true; readonly tests: readonly ReportedTest[] }
  | { readonly readable: false; readonly reason: string };

/** Reads a result file by its extension: `.xml` is JUnit, everything else the JSON report. */
export function readResultFile(file: TextFile): ResultFile {
  try {
    const tests = file.path.endsWith('.xml') ? readJUnitReport(file.text) : readVitestReport(file.text);
    return { readable: true, tests };
  } catch (error) {
    // @spec DML-TRC-0412
    return { readable: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
