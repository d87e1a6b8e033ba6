/** The part of ml-cart that the example uses; the package ships no types. */
declare module 'ml-cart' {
  export interface RegressionOptions {
    readonly maxDepth?: number;
    readonly minNumSamples?: number;
  }
  export class DecisionTreeRegression {
    constructor(options?: RegressionOptions);
    train(rows: readonly (readonly number[])[], values: readonly number[]): void;
    predict(rows: readonly (readonly number[])[]): number[];
    static load(model: object): DecisionTreeRegression;
  }
}
