import type { Output } from './output.ts';

/** What `dml show` says of an object: a JSON value and, on demand, lines for people. */
export interface ObjectView {
  readonly value: Readonly<Record<string, unknown>>;
  lines(): string[];
}

/** How an object is shown. */
export interface RenderOptions {
  readonly output: Output;
  /** Shows all of what is cut otherwise. */
  readonly full: boolean;
}
