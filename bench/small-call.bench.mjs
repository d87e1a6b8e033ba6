import { functions, Repository } from '@daggerml/bindings';
import { adaptersIn, askOnce, writeAdapters } from './adapters.mjs';
import { interleave, judge, median, ratio, timeMs, withFolder } from './harness.mjs';

const CALLS = 1_000;
/** Each is a process of its own. */
const COLD_CALLS = 25;
const ROUNDS = Number(process.env.DML_BENCH_ROUNDS ?? 5);
const { increment } = functions(new URL('./fixtures/increment.mjs', import.meta.url));
const LANGUAGES = { node: 'Node', python: 'Python' };

/** Calls that need nothing of each other, and calls of which each takes the value of the one before. */
const SHAPES = {
  'at once': (call, first, count) => Array.from({ length: count }, (_, index) => call(first + index)),
  'one after the other': (call, first, count) => {
    const handles = [call(first)];
    while (handles.length < count) handles.push(call(handles.at(-1)));
    return handles;
  },
};

/** Returns the microseconds per call of a dag, to its commit. What runs them has been started before. */
async function timeCalls({ options = {}, add, shape = 'at once', count = CALLS }) {
  return withFolder(async (folder) => {
    const repository = await Repository.init(folder, options);
    const dag = repository.newDag('calls');
    const call = add(dag);
    await call(-2).value();
    const spent = await timeMs(() => dag.commit(SHAPES[shape](call, 0, count)));
    await repository.close();
    return (spent * 1000) / count;
  });
}

const pooled = { name: 'pooled', add: (dag) => (value) => dag.call(increment, value) };
const builtin = {
  name: 'builtin',
  add: (dag) => {
    const list = dag.literal([0]);
    return (value) => dag.list.append(list, value);
  },
};

export async function run() {
  return withFolder(async (path) => {
    const adapters = writeAdapters(path);
    const subjectsOf = (shape) => [
      { name: 'builtin', run: () => timeCalls({ ...builtin, shape }) },
      { name: 'pooled', run: () => timeCalls({ ...pooled, shape }) },
      ...adapters.map(({ language, name }) => {
        const { increment } = functions(`dml+exec://${name}`);
        const add = (dag) => (value) => dag.call(increment, value);
        const options = adaptersIn(path, { persistent: true });
        return { name: language, run: () => timeCalls({ options, add, shape }) };
      }),
    ];
    const rows = [];
    for (const shape of Object.keys(SHAPES)) {
      const times = await interleave(subjectsOf(shape), { rounds: ROUNDS });
      const row = (requirement, name, what, atMost) => {
        const value = median(times.get(name));
        const facts = { against: '–', unit: ' µs', atMost };
        rows.push(judge(requirement, { what: `${what}, ${CALLS} ${shape}, per call`, value, ...facts }));
      };
      row('DML-EXE-2670', 'builtin', 'a builtin in the process', 100);
      row('DML-EXE-2671', 'pooled', 'a small call in a thread', 300);
      for (const { language } of adapters)
        row('DML-EXE-2672', language, `a small call in a persistent adapter in ${LANGUAGES[language]}`, 2000);
    }
    for (const { language, name, program } of adapters) {
      const { increment } = functions(`dml+exec://${name}`);
      const add = (dag) => (value) => dag.call(increment, value);
      const options = { ...adaptersIn(path, {}), workers: 1 };
      const times = await interleave(
        [
          { name: 'adapter', run: () => timeCalls({ options, add, count: COLD_CALLS }) },
          {
            name: 'spawn',
            run: async () => {
              const spent = await timeMs(async () => {
                for (let id = 0; id < COLD_CALLS; id += 1)
                  await askOnce(program, {
                    id,
                    operation: 'submit',
                    functionUri: `dml+exec://${name}/increment`,
                    inputs: [id],
                  });
              });
              return (spent * 1000) / COLD_CALLS;
            },
          },
        ],
        { rounds: ROUNDS },
      );
      const seen = (subject) => `${(median(times.get(subject)) / 1000).toFixed(1)} ms`;
      rows.push(
        judge('DML-EXE-2673', {
          what: `a small call in a process of an adapter in ${LANGUAGES[language]}, one at a time (${seen('adapter')})`,
          against: `a bare spawn of it (${seen('spawn')})`,
          value: ratio(times, 'adapter', 'spawn'),
          atMost: 1.3,
        }),
      );
    }
    return rows;
  });
}
