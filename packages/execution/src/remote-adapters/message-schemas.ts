import { z } from 'zod';
import { problemOf } from '../adapters/executable/message-schemas.ts';
import { MAX_NAME_CHARACTERS } from '../adapters/executable/protocol.ts';
import {
  MAX_REMOVED,
  REMOTE_FAILURE_CODES,
  REMOTE_PROTOCOL,
  type RemoteAnswer,
  type RemoteQuestion,
} from './protocol.ts';

const path = z.string().max(1024).describe('Path below the root of the remote, as the specification has it.');
const version = z.string().min(1).max(1024).describe('Version of a mutable file; nobody else looks into it.');
const takenFile = z.string().describe('Absolute path of a file that has the bytes.');
const givenFile = z.string().describe('Absolute path of a file that does not exist yet, for the bytes.');
const head = {
  protocol: z.literal(REMOTE_PROTOCOL),
  id: z.int().min(1),
  remote: z.string().describe('Canonical URI of the remote.'),
};

/**
 * Questions of a client, one JSON document on a line each.
 *
 * @spec DML-REM-0654
 */
export const remoteQuestionSchema: z.ZodType<RemoteQuestion> = z.discriminatedUnion('operation', [
  z.object({ protocol: head.protocol, id: head.id, operation: z.literal('describe') }),
  z.object({
    ...head,
    operation: z.literal('read'),
    path,
    range: z
      .object({ offset: z.int().min(0), length: z.int().min(0) })
      .optional()
      .describe('Part of the file; what there is where it goes over the end.'),
    file: givenFile,
  }),
  z.object({ ...head, operation: z.literal('put'), path, file: takenFile }),
  z.object({
    ...head,
    operation: z.literal('readVersion'),
    path,
    knownVersion: version.optional(),
    file: givenFile,
  }),
  z.object({
    ...head,
    operation: z.literal('swap'),
    path,
    expected: version.nullable().describe('Version that is replaced; null to create the file.'),
    file: takenFile,
  }),
  z.object({
    ...head,
    operation: z.literal('list'),
    prefix: path,
    file: givenFile.describe(
      'Absolute path of a file that does not exist yet, for a line of JSON of each file: path and sizeBytes.',
    ),
  }),
  z.object({ ...head, operation: z.literal('remove'), paths: z.array(path).max(MAX_REMOVED) }),
  z.object({ ...head, operation: z.literal('now') }),
]);

const answerHead = { id: z.int().min(1) };
const reason = z.string().optional();

/** Answers of an adapter, one JSON document on a line each. */
export const remoteAnswerSchema: z.ZodType<RemoteAnswer> = z.discriminatedUnion('status', [
  z.object({
    ...answerHead,
    status: z.literal('described'),
    schema: z.literal(1),
    name: z.string().min(1).max(MAX_NAME_CHARACTERS),
    version: z.string().max(MAX_NAME_CHARACTERS),
    protocol: z.string().max(MAX_NAME_CHARACTERS),
    capabilities: z.object({
      persistent: z.boolean().optional(),
      maxCalls: z.int().min(1).optional(),
    }),
  }),
  z.object({
    ...answerHead,
    status: z.literal('done'),
    version: version.optional().describe('Of readVersion and swap: the version that is in effect.'),
    nowMs: z.number().min(0).optional().describe('Of now: milliseconds since 1970.'),
  }),
  z.object({ ...answerHead, status: z.literal('absent') }).describe('Of read and readVersion.'),
  z.object({ ...answerHead, status: z.literal('unchanged') }).describe('Of readVersion.'),
  z.object({ ...answerHead, status: z.literal('refused') }).describe('Of swap: another version is there.'),
  z.object({ ...answerHead, status: z.literal('unknown'), reason }).describe('Of swap.'),
  z.object({
    ...answerHead,
    status: z.literal('failed'),
    code: z.enum(REMOTE_FAILURE_CODES),
    reason,
    path: path.optional().describe('Of damaged: the file.'),
    detail: z
      .string()
      .regex(/^[a-z][a-z_]{0,63}$/)
      .optional()
      .describe('Of damaged: how.'),
  }),
]);

/** Returns the answer that JSON is, or what is wrong with it and where. */
export function parseRemoteAnswer(json: unknown): RemoteAnswer | string {
  const { success, data, error } = remoteAnswerSchema.safeParse(json);
  return success ? data : problemOf(error);
}

/** Returns the question that JSON is. Throws an error that says what is wrong with it and where. */
export function parseRemoteQuestion(json: unknown): RemoteQuestion {
  const { success, data, error } = remoteQuestionSchema.safeParse(json);
  if (success) return data;
  throw new Error(`a wrong question (${problemOf(error)})`);
}
