/** A job as a worker names it. */
export interface JobNames {
  readonly executionUuid: string;
  /** Owner of the job. */
  readonly owner: string;
  /** Name of the function, once its snapshot is here. */
  readonly name: string | undefined;
  /** The call with its inputs, such as `fit(data, 3)`, once its snapshot is here. */
  readonly call: string | undefined;
}

/** News of a worker. */
export type WorkerEvent =
  | { readonly type: 'job-started'; readonly job: JobNames }
  | {
      readonly type: 'job-ended';
      readonly job: JobNames;
      /** Outcome of the call; `refused` where the Caller is told why there is none. */
      readonly outcome: 'ok' | 'error' | 'refused';
      /** True where the outcome was in the shared cache. */
      readonly isCached: boolean;
      readonly durationMs: number;
      readonly reason: string | undefined;
    }
  /** The job is left to others, or tried again later. */
  | { readonly type: 'job-left'; readonly job: JobNames; readonly reason: string }
  /** A job that nobody who is trusted has signed. */
  | { readonly type: 'job-untrusted'; readonly job: JobNames; readonly signer: string | undefined }
  /** The remote does not answer, or something in it is damaged. */
  | { readonly type: 'remote-failed'; readonly reason: string };
