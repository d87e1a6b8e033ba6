import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { answerSchema, parseAnswer, questionSchema } from './message-schemas.ts';

const SCHEMAS = '../../../../../specs/schemas';

/** Returns the text of a JSON Schema file. */
function fileOf(schema: z.ZodType, title: string): string {
  return `${JSON.stringify({ title, ...z.toJSONSchema(schema, { io: 'input' }) }, null, 2)}\n`;
}

describe('the messages of the adapter protocol', () => {
  it('are those of the JSON Schemas of the specification [DML-EXE-3211]', async () => {
    const question = fileOf(questionSchema, 'Question to an execution adapter');
    const answer = fileOf(answerSchema, 'Answer of an execution adapter');
    await expect(question).toMatchFileSnapshot(`${SCHEMAS}/execution-adapter-question.json`);
    await expect(answer).toMatchFileSnapshot(`${SCHEMAS}/execution-adapter-answer.json`);
  });

  it('may have members that this version does not know', () => {
    const answer = { id: 3, status: 'done', outcome: 'ok', value: [1], later: true };
    expect(parseAnswer(answer)).toEqual({ id: 3, status: 'done', outcome: 'ok', value: [1] });
  });

  it.each([
    [null, 'object'],
    [{ id: 1 }, 'status'],
    [{ id: 0, status: 'cancelled' }, 'id'],
    [{ id: 1, status: 'failed', code: 'no_such_code' }, 'code'],
    [{ id: 1, status: 'pending', executionToken: 't', pollAfterMs: -1 }, 'pollAfterMs'],
  ])('are refused in another form: %j', (answer, place) => {
    expect(parseAnswer(answer)).toMatch(place);
  });
});
