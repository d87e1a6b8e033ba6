import type { ReportedTest, TestOutcome } from './test-result.ts';

/**
 * Reads the JSON report of vitest, whose shape is that of Jest; throws on any other text.
 *
 * @spec DML-TRC-0413
 */
export function readVitestReport(text: string): ReportedTest[] {
  const report = asObject(JSON.parse(text), 'report');
  return asArray(report.testResults, 'testResults').flatMap((entry) => {
    const file = asObject(entry, 'testResults[]');
    const name = asString(file.name, 'testResults[].name');
    return asArray(file.assertionResults, 'assertionResults').map((leaf) => readLeaf(name, leaf));
  });
}

function readLeaf(file: string, leaf: unknown): ReportedTest {
  const { title, ancestorTitles, status } = asObject(leaf, 'assertionResults[]');
  return {
    file,
    ancestors: asArray(ancestorTitles, 'ancestorTitles').map((entry) => asString(entry, 'ancestorTitles[]')),
    title: asString(title, 'title'),
    outcome: outcomeOf(asString(status, 'status')),
  };
}

/** Everything that neither passed nor failed did not run to its end: pending, skipped, todo, disabled. */
function outcomeOf(status: string): TestOutcome {
  return status === 'passed' || status === 'failed' ? status : 'skipped';
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
