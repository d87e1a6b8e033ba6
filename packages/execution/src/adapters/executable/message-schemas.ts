import { z } from 'zod';
import {
  type Answer,
  DESCRIPTION_SCHEMA,
  FAILURE_CODES,
  MAX_NAME_CHARACTERS,
  PROTOCOL,
  type Question,
} from './protocol.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const token = z.string().min(1).max(65_536);
const shortText = z.string().max(MAX_NAME_CHARACTERS);
const head = { protocol: z.literal(PROTOCOL), id: z.int().min(1) };
const execution = {
  executionUuid: z.uuid(),
  folder: z.string().describe('Absolute path of the folder for files of inputs and of the result.'),
};

/**
 * Questions of the Executor, one JSON document on a line each.
 *
 * @spec DML-EXE-3211
 */
export const questionSchema: z.ZodType<Question> = z.discriminatedUnion('operation', [
  z.object({ ...head, operation: z.literal('describe') }),
  z.object({
    ...head,
    operation: z.literal('submit'),
    ...execution,
    callNodeId: hash,
    executionKey: hash,
    functionUri: z.string(),
    attempt: z.int().min(1),
    timeLimitMs: z.int().min(1).optional(),
    inputs: z.array(z.unknown()).describe('Values of the inputs in their JSON form.'),
    function: z
      .unknown()
      .optional()
      .describe(
        'The value that the path of functionUri names, in its JSON form, for the adapters in the box.',
      ),
    natives: z
      .array(z.looseObject({ specifier: z.string(), file: z.string() }))
      .optional()
      .describe(
        'Packages with machine code that the function imports from their own folders on this machine.',
      ),
    limits: z.looseObject({}).optional().describe('Limits of a script, which are no part of what it is.'),
  }),
  z.object({ ...head, operation: z.literal('poll'), ...execution, executionToken: token }),
  z.object({ ...head, operation: z.literal('cancel'), ...execution, executionToken: token.optional() }),
]);

const answerHead = { id: z.int().min(1) };
const failure = z.object({
  message: z.string(),
  trace: z.array(z.string()).max(1000).optional(),
  code: z
    .string()
    .regex(/^[a-z][a-z_]{0,63}$/)
    .optional()
    .describe('Kind of the failure; function_threw by default.'),
  names: z
    .array(shortText)
    .max(1000)
    .optional()
    .describe('Names and codes of what was thrown and of its causes.'),
});
const usage = z
  .object({ cpuMs: z.int().min(0).optional(), peakMemoryBytes: z.int().min(0).optional() })
  .optional()
  .describe('Resources that the call has used.');

const description = z.object({
  ...answerHead,
  status: z.literal('described'),
  // @spec DML-EXE-1315
  schema: z.literal(DESCRIPTION_SCHEMA),
  name: shortText.min(1),
  version: shortText,
  protocol: z.int().min(1),
  capabilities: z.object({
    persistent: z.boolean().optional(),
    maxCalls: z.int().min(1).optional(),
  }),
});

/** Answers of an adapter, one JSON document on a line each. */
export const answerSchema: z.ZodType<Answer> = z.discriminatedUnion('status', [
  description,
  z.object({
    ...answerHead,
    status: z.literal('output'),
    stream: z.enum(['stdout', 'stderr']),
    text: z.string(),
  }),
  z.object({
    ...answerHead,
    status: z.literal('pending'),
    executionToken: token,
    pollAfterMs: z.number().min(0).max(86_400_000),
  }),
  z.discriminatedUnion('outcome', [
    z.object({
      ...answerHead,
      status: z.literal('done'),
      outcome: z.literal('ok'),
      value: z.unknown().describe('The result in its JSON form.'),
      usage,
    }),
    z.object({
      ...answerHead,
      status: z.literal('done'),
      outcome: z.literal('error'),
      error: failure,
      usage,
    }),
  ]),
  z.object({
    ...answerHead,
    status: z.literal('failed'),
    code: z.enum(FAILURE_CODES),
    reason: z.string().optional(),
  }),
  z.object({ ...answerHead, status: z.literal('cancelled') }),
]);

/** Returns the answer that JSON is, or what is wrong with it and where. */
export function parseAnswer(json: unknown): Answer | string {
  const { success, data, error } = answerSchema.safeParse(json);
  return success ? data : problemOf(error);
}

/** Returns the question that JSON is. Throws an error that says what is wrong with it and where. */
export function parseQuestion(json: unknown): Question {
  const { success, data, error } = questionSchema.safeParse(json);
  if (success) return data;
  throw new Error(`a wrong question (${problemOf(error)})`);
}

/** Returns what is wrong with a message, and where. */
export function problemOf({ issues }: z.ZodError): string {
  return issues
    .slice(0, 3)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ')
    .slice(0, 300);
}
