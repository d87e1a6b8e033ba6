import type { ReportedTest, TestOutcome } from './test-result.ts';

/** Content of a report. */
export interface VitestReport {
  readonly tests: readonly ReportedTest[];
  /** The projects that the configuration of the runner lists, whichever of them ran; none where it does not say. */
  readonly configured: readonly string[];
}

/**
 * Reads the JSON report of vitest, whose shape is that of Jest's; throws on any other text.
 *
 * @spec DML-TRC-0413
 */
export function readVitestReport(text: string): VitestReport {
  const report = asObject(JSON.parse(text), 'report');
  const tests = asArray(report.testResults, 'testResults').flatMap((entry) => {
    const file = asObject(entry, 'testResults[]');
    const name = asString(file.name, 'testResults[].name');
    return asArray(file.assertionResults, 'assertionResults').map((leaf) => readLeaf(name, leaf));
  });
  const configured = asArray(report.configured ?? [], 'configured');
  return { tests, configured: configured.map((name) => asString(name, 'configured[]')) };
}

function readLeaf(file: string, leaf: unknown): ReportedTest {
  const fields = asObject(leaf, 'assertionResults[]');
  return {
    file,
    ancestors: asArray(fields.ancestorTitles, 'ancestorTitles').map((entry) =>
      asString(entry, 'ancestorTitles[]'),
    ),
    title: asString(fields.title, 'title'),
    outcome: outcomeOf(fields),
  };
}

/** Returns the outcome of a leaf; one that neither passed nor failed (pending, todo, disabled) counts as skipped. */
function outcomeOf(leaf: Readonly<Record<string, unknown>>): TestOutcome {
  const status = asString(leaf.status, 'status');
  if (status === 'failed') return 'failed';
  if (status !== 'passed') return 'skipped';
  // A test that is meant to fail shows that something does not hold.
  // @spec DML-TRC-0420
  if (leaf.expectsFailure === true) return 'skipped';
  // It failed before it passed.
  // @spec DML-TRC-0419
  return asArray(leaf.failureMessages ?? [], 'failureMessages').length > 0 ? 'failed' : 'passed';
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is not an object`);
  return value as Readonly<Record<string, unknown>>;
}

function asArray(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what} is not an array`);
  return value;
}

function asString(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Error(`${what} is not a string`);
  return value;
}
