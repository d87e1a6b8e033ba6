import type { ReportedTest } from './test-result.ts';
import type { TextFile } from './text-file.ts';
import { readVitestReport } from './vitest-report.ts';

/** The tests of one result file and the projects that it names as configured, or why it cannot be read. */
export type ResultFile =
  | {
      readonly readable: true;
      readonly tests: readonly ReportedTest[];
      readonly configured: readonly string[];
    }
  | { readonly readable: false; readonly reason: string };

/** Reads a result file. */
export function readResultFile({ text }: TextFile): ResultFile {
  try {
    return { readable: true, ...readVitestReport(text) };
  } catch (error) {
    // @spec DML-TRC-0412
    return { readable: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
