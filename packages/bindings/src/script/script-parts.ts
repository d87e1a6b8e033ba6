import type { JsonOutput, MarkedPart } from '@daggerml/capture';
import type { BlobHandle, BlobValue } from '@daggerml/values';
import type { Directory } from '../directory.ts';
import type { NodeHandle } from '../node-handle.ts';

/**
 * Value of an output.
 *
 * @spec DML-BND-1776
 */
export type OutputValue<S> = S extends `${string}/`
  ? Directory
  : S extends string
    ? BlobHandle
    : S extends JsonOutput<infer T>
      ? T
      : string;

/** Part of a command: a value or handle is an input; text in a list of words is a word. */
export type ScriptPart =
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | NodeHandle
  | BlobValue
  | BlobHandle
  | MarkedPart;
