import type { RemoteFiles } from '../src/files/remote-files.ts';
import { openS3Files } from '../src/files/s3/s3-files.ts';
import { DEFAULT_LIMITS, type S3Limits, type S3Place } from '../src/files/s3/s3-place.ts';
import { FaultServer } from '../src/testing/fault-server.ts';
import { setAwsEnvironment, TEST_KEYS } from './aws-environment.ts';

export const BUCKET = 'bucket';
const HASH = '0123456789abcdef'.repeat(4);

/** Returns the path of an immutable file; each number is another. */
export function segmentPath(number = 0): string {
  return `segments/0-${HASH}-${number.toString(16).padStart(32, '0')}.car`;
}

/** A bucket on a server that makes mistakes, and an adapter for it whose pauses take no time. */
export interface S3World {
  readonly server: FaultServer;
  readonly files: RemoteFiles;
  /** Pauses that the adapter has made, in milliseconds. */
  readonly pauses: number[];
  close(): Promise<void>;
}

/**
 * Creates a world; the clock of the adapter moves by its pauses alone, and its time limits end when the server
 * falls silent.
 */
export async function createS3World(
  limits: Partial<S3Limits> = {},
  place: Partial<S3Place> = {},
): Promise<S3World> {
  setAwsEnvironment(TEST_KEYS);
  const server = await FaultServer.start(BUCKET);
  const pauses: number[] = [];
  const timers = new Set<() => void>();
  const files = await openS3Files(
    { bucket: BUCKET, prefix: 'team/a b', endpoint: server.endpoint, ...place },
    {
      limits: { ...DEFAULT_LIMITS, ...limits },
      nowMs: () => pauses.reduce((sum, ms) => sum + ms, 0),
      pause: async (ms) => {
        pauses.push(ms);
      },
      startTimer: (_, onEnd) => {
        const timer = () => onEnd();
        timers.add(timer);
        return () => timers.delete(timer);
      },
      random: () => 0.5,
    },
  );
  server.onSilence = () => {
    // A timer may start another one, for the time that bytes take.
    while (timers.size > 0)
      for (const timer of [...timers]) {
        timers.delete(timer);
        timer();
      }
  };
  return {
    server,
    files,
    pauses,
    close: async () => {
      await files.close();
      await server.close();
    },
  };
}

/** Returns what an operation of an adapter ends with: its value, or the code and the message of its error. */
export async function outcomeOf(operation: Promise<unknown>): Promise<unknown> {
  try {
    return await operation;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { code, message };
  }
}

/** Returns what several operations end with, one after the other. */
export async function outcomesOf(operations: readonly (() => Promise<unknown>)[]): Promise<unknown[]> {
  const outcomes: unknown[] = [];
  for (const operation of operations) outcomes.push(await outcomeOf(operation()));
  return outcomes;
}

/** Returns all files of a listing, by their paths. */
export async function listed(files: RemoteFiles, prefix = ''): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of files.list(prefix)) paths.push(path);
  return paths.sort();
}
