import { readJUnitReport } from './junit-report.ts';
import type { ReportedTest } from './test-result.ts';
import type { TextFile } from './text-file.ts';
import { readVitestReport, type VitestReport } from './vitest-report.ts';

/** The tests of one result file and the projects that it names as configured, or why it cannot be read. */
export type ResultFile =
  | {
      readonly readable: true;
      readonly tests: readonly ReportedTest[];
      readonly configured: readonly string[];
    }
  | { readonly readable: false; readonly reason: string };

/** Reads a result file by its extension: `.xml` is JUnit, everything else the JSON report. */
export function readResultFile(file: TextFile): ResultFile {
  try {
    return { readable: true, ...readReport(file) };
  } catch (error) {
    // @spec DML-TRC-0412
    return { readable: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function readReport({ path, text }: TextFile): VitestReport {
  return path.endsWith('.xml') ? { tests: readJUnitReport(text), configured: [] } : readVitestReport(text);
}
