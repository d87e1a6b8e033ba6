import { definePipeline, functions } from '@daggerml/bindings';

const steps = functions<typeof import('./steps.ts')>(new URL('./steps.ts', import.meta.url));

const DATA = new URL('../data/flights-20k.json', import.meta.resolve('vega-datasets'));

const LAMBDAS = [1, 100, 1000];
const DEPTHS = [2, 3, 4];
const MAX_DELAY_MINUTES = 240;

/** Reads 20,000 flights, fits six models and reports on the best: run it with `dml run pipeline.ts`. */
export const flightDelays = definePipeline('flight-delays', async (dag) => {
  const source = await dag.file(DATA);
  const cleaned = dag.call(steps.clean, source, { maxDelayMinutes: MAX_DELAY_MINUTES });
  const sets = dag.call(steps.split, cleaned, { testEvery: 4 });
  const models = [
    ...LAMBDAS.map((lambda) =>
      dag.call(steps.fitRidge.with({ label: `fitRidge lambda=${lambda}` }), sets, { lambda }),
    ),
    ...DEPTHS.map((maxDepth) =>
      dag.call(steps.fitTree.with({ label: `fitTree depth=${maxDepth}` }), sets, {
        maxDepth,
        minLeaf: 40,
        sampleEvery: 6,
      }),
    ),
  ];
  const evaluations = models.map((model) => dag.call(steps.evaluate, model, sets));
  const report = dag.call(steps.report, cleaned, sets, evaluations);
  dag.name('source', source);
  dag.name('cleaned', cleaned);
  dag.name('sets', sets);
  dag.name('report', report);
  return report;
});
