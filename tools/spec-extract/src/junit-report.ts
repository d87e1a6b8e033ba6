import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { ReportedTest, TestOutcome } from './test-result.ts';

type XmlElement = Readonly<Record<string, unknown>>;

const PARSER = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseAttributeValue: false,
  parseTagValue: false,
  isArray: (name) => name === 'testsuite' || name === 'testcase',
});

/**
 * Reads a JUnit XML report; throws on any other text.
 *
 * The file of a test is the `file` attribute of the case, then of its suite; without one it is read
 * from the class name: a path as vitest writes it, or a dotted module as pytest does.
 *
 * @spec DML-TRC-0414
 */
export function readJUnitReport(text: string): ReportedTest[] {
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new Error(valid.err.msg);
  const document = PARSER.parse(text) as XmlElement;
  if (!('testsuites' in document) && !('testsuite' in document))
    throw new Error('neither testsuites nor testsuite');
  const top = 'testsuites' in document ? asElement(document.testsuites) : document;
  return suitesOf(top).flatMap((suite) => readSuite(suite, ''));
}

function readSuite(suite: XmlElement, outerFile: string): ReportedTest[] {
  const file = attribute(suite, 'file') || outerFile;
  const cases = elements(suite.testcase).map((testCase) => readCase(testCase, file));
  return [...cases, ...suitesOf(suite).flatMap((inner) => readSuite(inner, file))];
}

function readCase(testCase: XmlElement, suiteFile: string): ReportedTest {
  return {
    file: attribute(testCase, 'file') || suiteFile || fileOfClass(attribute(testCase, 'classname')),
    ancestors: [],
    title: attribute(testCase, 'name'),
    outcome: outcomeOf(testCase),
  };
}

function fileOfClass(className: string): string {
  if (className.includes('/')) return className;
  const module = className.split('.').filter((part) => !/^[A-Z]/.test(part));
  return `${module.join('/')}.py`;
}

/** Elements of a case that failed, or that failed before it passed. */
const FAILURES: readonly string[] = [
  ...['failure', 'error'],
  ...['flakyFailure', 'flakyError', 'rerunFailure', 'rerunError', 'rerun'],
];

function outcomeOf(testCase: XmlElement): TestOutcome {
  if (FAILURES.some((name) => name in testCase)) return 'failed';
  return 'skipped' in testCase ? 'skipped' : 'passed';
}

function suitesOf(element: XmlElement): XmlElement[] {
  return elements(element.testsuite);
}

function elements(value: unknown): XmlElement[] {
  return Array.isArray(value) ? value.map(asElement) : [];
}

/** Returns a parsed element; one without attributes and children is parsed as an empty text. */
function asElement(value: unknown): XmlElement {
  return typeof value === 'object' && value !== null ? (value as XmlElement) : {};
}

function attribute(element: XmlElement, name: string): string {
  const value = element[`@${name}`];
  return typeof value === 'string' ? value : '';
}
