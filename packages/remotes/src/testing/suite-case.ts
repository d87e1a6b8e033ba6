/** One promise of a port; `run` rejects where an implementation breaks it. */
export interface SuiteCase<Given> {
  readonly name: string;
  readonly run: (given: Given) => Promise<void>;
}
