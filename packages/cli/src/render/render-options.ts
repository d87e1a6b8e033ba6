import type { Output } from './output.ts';

/** View of an object in `dml show`: a JSON value and, on demand, lines for people. */
export interface ObjectView {
  readonly value: Readonly<Record<string, unknown>>;
  lines(): string[];
}

/** Options for showing an object. */
export interface RenderOptions {
  readonly output: Output;
  /** Shows all of what is cut otherwise. */
  readonly full: boolean;
}
