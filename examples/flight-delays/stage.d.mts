export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}
export declare function stage(folder: string): void;
export declare function edit(file: string, from: string, to: string): void;
export declare const EDITS: { readonly parameter: Edit; readonly comment: Edit; readonly helper: Edit };
