import type { RunObjects } from '../objects/run-objects.ts';
import type { FileSystem } from './file-system.ts';

/** Tools for capturing files. */
export interface CaptureTools {
  readonly fileSystem: FileSystem;
  readonly objects: RunObjects;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** True when files that are as they were at an earlier time are not read again. */
  readonly knowsFiles: boolean;
  /** Throws when the work is to end. */
  readonly assertOpen: () => void;
}
