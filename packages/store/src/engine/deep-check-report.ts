/** What reading every value of a store through the engine found. */
export interface DeepCheckReport {
  readonly rows: number;
  readonly objects: number;
  /** Rows that are not what the store wrote, cut at a thousand. */
  readonly damaged: readonly { readonly table: string; readonly key: string; readonly detail: string }[];
}
