import { DmlError } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../src/invocation/exit-code.ts';
import { describeError } from '../src/wording/error-report.ts';
import { EXITS } from '../src/wording/exits.ts';
import { HINTS } from '../src/wording/hints.ts';
import { endOfRun } from '../src/wording/run-failure.ts';
import { fillIn } from '../src/wording/wording.ts';
import { codesOfUnion, declaredWords, hintsOf, SURFACES, sitesOf, wordsOf } from './error-sources.ts';

const codes = Object.keys(EXITS).sort();
/** Every error has the first two, that of a failed call a message; near words are found for all unknown ones. */
const COMPUTED = ['detail', 'instead', 'message', 'nearest'];

function fieldsIn(template: string): string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, field]) => field ?? '');
}

function templatesOf(code: string): string[] {
  return [...wordsOf(code), ...hintsOf(code)];
}

describe('the error table', () => {
  it('has each code of every package, and no other [DML-CLI-0502]', () => {
    const declared = [
      ...SURFACES.flatMap(codesOfUnion),
      'invalid_header',
      'invalid_bounds',
      'invalid_kind',
      'invalid_payload',
      'invalid_utf8',
    ];
    expect(declared.length).toBeGreaterThan(80);
    // Not a set: each code has one owner.
    expect(codes).toEqual(declared.sort());
  });

  it.each(Object.entries(EXITS))('gives %s one exit code other than 0 [DML-CLI-0502]', (code, exit) => {
    expect(Object.values(EXIT)).toContain(exit);
    expect(exit).not.toBe(EXIT.done);
    const error = new DmlError({ code, fields: { class: '' } });
    expect(describeError(error, '/')).toMatchObject({ code, exit });
  });

  it('gives hints to codes that there are', () => {
    expect(Object.keys(HINTS).filter((key) => !codes.includes(key.split('/')[0] as string))).toEqual([]);
  });

  it.each(codes.filter((code) => !code.startsWith('invalid_') || /_(name|argument)$/.test(code)))(
    'has one text for %s [DML-CLI-1520]',
    (code) =>
      expect(new Set(declaredWords.flatMap(([key, text]) => (key === code ? [text] : []))).size).toBe(1),
  );

  it.each(codes.filter((code) => !code.startsWith('invalid_')))(
    'words %s by fields that it is raised with',
    (code) => {
      const sites = sitesOf(code);
      expect(sites).not.toEqual([]);
      const known = (field: string): boolean => sites.some((site) => new RegExp(`\\b${field}\\b`).test(site));
      const fields = templatesOf(code).flatMap(fieldsIn);
      expect(fields.filter((field) => !COMPUTED.includes(field) && !known(field))).toEqual([]);
    },
  );

  it.each(codes)('words %s without a gap when optional fields are absent', (code) => {
    for (const template of templatesOf(code)) {
      const required = fieldsIn(template.replace(/\[[^\]]*\]/g, ''));
      const text = fillIn(template, Object.fromEntries(required.map((field) => [field, 'x'])));
      expect(text).not.toMatch(/""| \(\)|undefined|[:;,]$/);
    }
  });
});

describe('a failed call', () => {
  function failed(failureClass: string, code: string): DmlError {
    const cause = new DmlError({
      code,
      fields: { class: failureClass, message: 'why', name: 'fit', nodeId: 'a'.repeat(64) },
    });
    return new DmlError({
      code: 'dag_failed',
      fields: { name: 'fit', failureCode: code, message: 'why' },
      cause,
    });
  }

  it.each([
    ['deterministic', 'missing_element', EXIT.callFailed, 'the call "fit" failed: missing_element: why'],
    ['deterministic', 'a_code_of_its_own', EXIT.callFailed, 'the call "fit" failed: a_code_of_its_own: why'],
    ['infrastructure', 'timeout', EXIT.infrastructure, 'the call "fit" was lost: timeout: why'],
    [
      'infrastructure',
      'integrate_failed',
      EXIT.infrastructure,
      'the call "fit" was lost: integrate_failed: why',
    ],
  ])('of the class %s with the code %s ends with %i', (failureClass, code, exit, message) => {
    const error = failed(failureClass, code);
    for (const ended of [error, error.cause])
      expect(describeError(endOfRun(ended, []), '/')).toMatchObject({ exit, message });
  });
});

describe('what is not an error of DaggerML', () => {
  it('is reported as a defect, and an aborted signal as an interrupt', () => {
    expect(describeError(new TypeError('x is not a function'), '/')).toMatchObject({
      exit: EXIT.defect,
      code: 'defect',
      message: 'unexpected failure: x is not a function',
    });
    expect(describeError('a text', '/')).toMatchObject({
      exit: EXIT.defect,
      message: 'unexpected failure: a text',
    });
    expect(describeError(new DmlError({ code: 'never_heard_of' }), '/')).toMatchObject({ exit: EXIT.defect });
    expect(describeError(new DOMException('gone', 'AbortError'), '/')).toMatchObject({
      exit: EXIT.interrupted,
    });
  });
});
