import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  parseRemoteAnswer,
  parseRemoteQuestion,
  remoteAnswerSchema,
  remoteQuestionSchema,
} from './message-schemas.ts';

const SCHEMAS = '../../../../specs/schemas';

/** Returns the text of a JSON Schema file. */
function fileOf(schema: z.ZodType, title: string): string {
  return `${JSON.stringify({ title, ...z.toJSONSchema(schema, { io: 'input' }) }, null, 2)}\n`;
}

describe('the messages of the protocol of Remote Adapters', () => {
  it('are those of the JSON Schemas of the specification [DML-REM-0654]', async () => {
    const question = fileOf(remoteQuestionSchema, 'Question to a Remote Adapter');
    const answer = fileOf(remoteAnswerSchema, 'Answer of a Remote Adapter');
    await expect(question).toMatchFileSnapshot(`${SCHEMAS}/remote-adapter-question.json`);
    await expect(answer).toMatchFileSnapshot(`${SCHEMAS}/remote-adapter-answer.json`);
  });

  it('may have members that this version does not know', () => {
    const answer = { id: 3, status: 'done', version: 'v', later: true };
    expect(parseRemoteAnswer(answer)).toEqual({ id: 3, status: 'done', version: 'v' });
    const question = { protocol: 'remote/1', id: 1, operation: 'now', remote: 'r' };
    expect(parseRemoteQuestion({ ...question, later: 1 })).toMatchObject({ id: 1, operation: 'now' });
  });

  it.each([
    [null, 'object'],
    [{ id: 1 }, 'status'],
    [{ id: 0, status: 'absent' }, 'id'],
    [{ id: 1, status: 'failed', code: 'no_such_code' }, 'code'],
    [{ id: 1, status: 'done', version: '' }, 'version'],
    [{ id: 1, status: 'done', version: 'v'.repeat(2000) }, 'version'],
    [{ id: 1, status: 'done', nowMs: 'today' }, 'nowMs'],
    [{ id: 1, status: 'failed', code: 'damaged', detail: 'Two Words' }, 'detail'],
  ])('are refused in another form: %j', (answer, place) => {
    expect(parseRemoteAnswer(answer)).toMatch(place);
  });

  it.each([
    [{ id: 1, operation: 'now', remote: 'r' }, 'protocol'],
    [{ protocol: 'remote/1', id: 1, operation: 'copy', remote: 'r' }, 'operation'],
    [{ protocol: 'remote/1', id: 1, operation: 'read', path: 'p', remote: 'r' }, 'file'],
    [{ protocol: 'remote/1', id: 1, operation: 'swap', path: 'p', file: 'f', remote: 'r' }, 'expected'],
  ])('are no questions in another form: %j', (question, place) => {
    expect(() => parseRemoteQuestion(question)).toThrow(place);
  });
});
