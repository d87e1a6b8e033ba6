/**
 * The pipeline that `dml init --example` writes, which is the first one of the README; file name → text.
 *
 * @spec DML-CLI-1562
 */
export const EXAMPLE_FILES: Readonly<Record<string, string>> = {
  'steps.ts': `/** Sales of each day, made up by a formula so that the example needs no data. */
export function load(days: number): number[] {
  return Array.from({ length: days }, (_, day) => 100 + day / 2 + 20 * Math.sin(day / 5));
}

/** Returns the mean error of a forecast by the mean of the days before. */
export function fit(sales: number[], options: { window: number }) {
  const { window } = options;
  const misses = sales.slice(window).map((actual, at) => {
    const before = sales.slice(at, at + window);
    return Math.abs(actual - before.reduce((sum, each) => sum + each, 0) / window);
  });
  return { window, error: misses.reduce((sum, each) => sum + each, 0) / misses.length };
}

export function best(models: { window: number; error: number }[]) {
  return models.reduce((one, other) => (other.error < one.error ? other : one));
}
`,
  'pipeline.ts': `import { definePipeline, functions } from '@daggerml/bindings';

const steps = functions<typeof import('./steps.ts')>(new URL('./steps.ts', import.meta.url));

export const sales = definePipeline('sales', (dag) => {
  const days = dag.call(steps.load, 365); //                  returns at once, runs in a worker thread
  const models = [7, 14, 28].map((window) => dag.call(steps.fit, days, { window })); // typed by the functions
  return { best: dag.call(steps.best, models), models }; //   a handle stands anywhere inside a value
});
`,
};
