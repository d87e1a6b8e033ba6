import { beforeAll, describe, expect, it } from 'vitest';
import { compileCases } from './compile-cases.ts';

const prelude = `
import { blob, definePipeline, f64, functions, Uri } from '@daggerml/bindings';
import type { BlobHandle, BlobValue, Commit, Dag, Directory, DirectoryEntry, EmptyFolder, ExecutableFile, ExecutionHandle, F64, Lifted, NodeHandle, Repository, RunHandle, SymbolicLink } from '@daggerml/bindings';
import { z } from 'zod';
interface Options { minYear: number; label?: string }
interface Row { year: number; delay: number | null }
interface Overloaded { (text: string): string; (count: number, times?: number): number }
interface Steps {
  one(a: number): number;
  sum(values: number[]): number;
  nested(table: { rows: Row[]; tags: Set<string> }, options: Options): Row[];
  optional(a: number, b?: string): string;
  many(first: string, ...rest: number[]): number;
  identity<T>(value: T): T;
  overloaded: Overloaded;
  later(a: number): Promise<{ best: number }>;
  read(csv: BlobHandle, name: string | null): Promise<BlobValue>;
  choose(kind: 'ridge' | 'tree'): 1 | 2;
  pair(pair: readonly [number, string]): [string, number];
  big(value: number | bigint): bigint;
  onlyBig(value: bigint): null;
  dated(when: Date): number;
  mapped(map: Map<string, number>): number;
  recorded(record: Record<string, number>): Map<string, Date | number>;
  any(value: unknown): unknown;
  nothing(): void;
  nothingLater(a: number): Promise<void>;
  fails(): never;
  date(): Date;
  bytes(): { bytes: Uint8Array; small: Float64Array };
  either(a: number): string | undefined;
  partly(a: { x: number; y: number | undefined }): { x: number; y: number | undefined };
  tables(files: Record<string, BlobHandle>): number;
  tree(folder: Directory): Record<string, BlobHandle>;
}
declare const dag: Dag;
declare const steps: ReturnType<typeof functions<Steps>>;
declare function same<A, B>(ok: (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false): void;
declare const numbers: NodeHandle<number[]>;
declare const frozen: NodeHandle<readonly number[]>;
declare const row: NodeHandle<Row>;
declare const options: NodeHandle<Options>;
declare const unknown: NodeHandle;
class Model { weights = [1]; fit(): void {} }
declare const repository: Repository;
const schema = z.object({ lambda: z.number().default(1), model: z.enum(['a', 'b']).default('a'), folds: z.number() });
const tuned = definePipeline('tuned', { parameters: { lambda: 1 } }, async (dag, { lambda }) => dag.call(steps.one, lambda));
const strict = definePipeline('strict', { parameters: schema }, (dag, params) => params.folds);
const sales = definePipeline('sales', async (dag) => ({ total: dag.call(steps.one, 1), name: 'x' }));
`.trim();

/** Statements, one in a line, each with what the compiler must say of it; one without a comment must compile. */
function casesOf(text: string): Case[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [code = '', error = ''] = line.trim().split(' // ');
      return { code, error };
    });
}

interface Case {
  readonly code: string;
  readonly error: string;
}

/** Types of values, each with the one that it has when it is lifted. */
const lifted = `
  number → number
  F64 → number
  bigint → number | bigint
  7n → number | bigint
  boolean | null | "a" → boolean | null | "a"
  Uri → Uri
  Uint8Array → Uint8Array
  Buffer → Uint8Array
  BlobValue → BlobHandle
  BlobHandle → BlobHandle
  readonly bigint[] → (number | bigint)[]
  readonly [bigint, a?: string] → [number | bigint, a?: string]
  ReadonlySet<bigint> → Set<number | bigint>
  ReadonlyMap<string, F64> → Record<string, number>
  Map<"a" | "b", 1> → Record<string, 1>
  { readonly a: bigint; b?: readonly F64[] } → { a: number | bigint; b?: number[] }
  { a: number | undefined; b: 1; c?: 2 } → { b: 1; c?: 2; a?: number }
  { a: unknown; b: any } → { a: unknown; b: any }
  Row → { year: number; delay: number | null }
  unknown → unknown
  any → any
  never → never
  string | undefined → string
  NodeHandle<Set<number>> → Set<number>
  (NodeHandle<1> | 2n)[] → (number | bigint | 1)[]
`.replaceAll(/^ +(.*) → (.*)$/gm, 'same<Lifted<$1>, $2>(true);');

const values = [
  ...casesOf(lifted),
  ...casesOf(`
  const x: (number | undefined)[] = null! as Lifted<(number | undefined)[]>; // undefined has no datum form in a list
  const x: Date = null! as Lifted<Date>; // a Date has no datum form: use its ISO string
  const x: Map<number, 1> = null! as Lifted<Map<number, 1>>; // a Map whose keys are not text
  const x: Float64Array = null! as Lifted<Float64Array>; // only Uint8Array has a datum form
  const x: string = null! as Lifted<{ f(): void }>["f"]; // a function has no datum form
  const x: string = null! as Lifted<Promise<string>>; // a promise has no datum form: await it
  const x: undefined = null! as Lifted<undefined>; // undefined has no datum form: return null
`),
];

const inputs = casesOf(`
  dag.call(steps.sum, numbers); dag.call(steps.sum, frozen as NodeHandle<number[]>);
  dag.call(steps.sum, [1, dag.call(steps.one, 1), f64(2)]);
  dag.call(steps.sum, dag.list.append([1], dag.call(steps.one, 2)));
  const values: readonly number[] = [1]; dag.call(steps.sum, values);
  dag.call(steps.sum, ["1"]); // 'string' is not assignable to type
  dag.call(steps.sum, dag.literal(["1"])); // NodeHandle<string[]>
  dag.call(steps.nested, { rows: [row, { year: 1, delay: null }], tags: new Set(["a"]) }, options);
  dag.call(steps.nested, dag.literal({ rows: [row], tags: new Set(["a"]) }), { minYear: numbers }); // NodeHandle<number[]>
  dag.call(steps.nested, { rows: [], tags: new Set(["a"]) }, {}); // minYear
  dag.call(steps.nested, { rows: [], tags: new Set([dag.literal("a")]) }, { minYear: 1, label: "x" });
  dag.call(steps.read, blob("text"), null); dag.call(steps.read, await dag.file("a"), dag.literal("x"));
  dag.call(steps.read, "text", null); // BlobHandle
  dag.call(steps.choose, "tree"); dag.call(steps.choose, "other"); // "other"
  dag.call(steps.choose, dag.literal("tree" as const));
  dag.call(steps.pair, [1, "a"]); dag.call(steps.pair, [dag.literal(1), dag.literal("a")]);
  dag.call(steps.pair, [1]); // Source has 1 element
  dag.call(steps.big, 5n); dag.call(steps.big, dag.call(steps.big, 5));
  dag.call(steps.one, dag.call(steps.big, 5)); // ExecutionHandle<number | bigint>
  dag.call(steps.onlyBig, 5n); // a bigint reaches a function as a number where that is safe
  dag.call(steps.dated, new Date()); // a Date has no datum form
  dag.call(steps.mapped, new Map([["a", 1]])); // a map reaches a function as a plain object: take a Record
  dag.call(steps.recorded, new Map([["a", 1]])); dag.call(steps.recorded, { a: dag.literal(1) });
  dag.call(steps.any, new Model()); dag.call(steps.any, unknown);
  dag.call(steps.one, unknown); // NodeHandle<unknown>
  dag.call(steps.one, undefined); // undefined
`);

const calls = casesOf(`
  dag.call(steps.optional, 1); dag.call(steps.optional, 1, "b"); dag.call(steps.optional, 1, dag.literal("b"));
  dag.call(steps.optional); // Expected 2-3 arguments, but got 1
  dag.call(steps.optional, 1, 2); // '2' is not assignable
  dag.call(steps.optional, 1, "b", 3); // Expected 2-3 arguments, but got 4
  dag.call(steps.many, "a"); dag.call(steps.many, "a", 1, dag.literal(2), f64(3));
  dag.call(steps.many, "a", 1, "b"); // 'string' is not assignable
  same<ReturnType<typeof test>, ExecutionHandle<unknown>>(true); function test() { return dag.call(steps.identity, [row]); }
  dag.call(steps.overloaded, "text"); dag.call(steps.overloaded, 1); dag.call(steps.overloaded, 1, dag.literal(2));
  dag.call(steps.overloaded, true); // boolean
  const { best } = await dag.call(steps.later, 1).value(); const number: number = best;
  const text: string = await (await dag.call(steps.read, blob(""), "x").value()).text();
  const values: (number | bigint) = await dag.call(steps.big, 1).value();
  const value: bigint = await dag.call(steps.big, 1).value(); // 'number' is not assignable to type 'bigint'
  const { x, y } = await dag.call(steps.partly, { x: 1, y: undefined }).value(); const z: number = x + (y ?? 0);
  dag.call(steps.partly, { x: undefined, y: 1 }); // undefined
  const fails: ExecutionHandle<never> = dag.call(steps.fails);
  const { bytes } = await dag.call(steps.bytes).value(); const same: Uint8Array = bytes;
  const { small } = await dag.call(steps.bytes).value(); small.length; // length
  dag.call(steps.date); // a Date has no datum form
  dag.call((a: number) => a, 1); // FunctionRef
  dag.call(steps.one.with({ cache: false }), 1); dag.call(steps.one.with({ cach: false }), 1); // cach
`);

const results = casesOf(`
  dag.call(steps.nothing); // undefined has no datum form: return null
  dag.call(steps.nothingLater, 1); // undefined has no datum form: return null
  dag.call(steps.either, 1); // undefined has no datum form: return null
  definePipeline(async (dag) => { dag.literal(1); }); // undefined has no datum form: return null
  definePipeline("x", (dag) => [1].find(() => true)); // undefined has no datum form: return null
  definePipeline("x", async (dag): Promise<unknown> => dag.literal(1));
  definePipeline("x", () => { throw new Error("never"); });
`);

const parameters = casesOf(`
  definePipeline("x", { parameters: { lambda: 1, model: "ridge", columns: ["a"] } }, (dag, params) => { const l: number = params.lambda; const m: string = params.model; const c: string[] = params.columns; return l; });
  definePipeline("x", { parameters: { lambda: 1 } }, (dag, params) => params.lamda); // Property 'lamda' does not exist
  definePipeline("x", { parameters: { lambda: 1 } }, (dag, params): string => params.lambda); // 'number' is not assignable to type 'string'
  definePipeline("x", { parameters: { lambda: 1 } }, async (dag, { lambda }) => dag.call(steps.one, lambda));
  definePipeline("x", { parameters: { lambda: 1 } }, (dag, params) => undefined); // undefined has no datum form: return null
  definePipeline("x", { parameters: schema }, (dag, params) => { const l: number = params.lambda; const m: "a" | "b" = params.model; const f: number = params.folds; return 1; });
  definePipeline("x", { parameters: schema }, (dag, params) => params.lamda); // Property 'lamda' does not exist
  await repository.run(tuned); await repository.run(tuned, { parameters: {} }); await repository.run(tuned, { parameters: { lambda: 3 } });
  await repository.run(tuned, { parameters: { lamda: 3 } }); // 'lamda' does not exist
  await repository.run(tuned, { parameters: { lambda: "3" } }); // 'string' is not assignable to type 'number'
  await repository.run(sales, { parameters: { lambda: 3 } }); // 'number' is not assignable to type 'never'
  await repository.run(strict, { parameters: { model: "b", folds: 1 } }); await repository.run(strict, { parameters: { folds: 1, lambda: 2 } });
  await repository.run(strict, { parameters: { folds: 1, model: "c" } }); // '"c"' is not assignable
  const { root } = await repository.run(tuned); const value: number = await root.value();
  const handle: NodeHandle<number> = dag.import(tuned).root; const other: NodeHandle<number> = dag.import<typeof tuned>("tuned").root;
  const handle: ExecutionHandle<number> = dag.metric("m", dag.call(steps.one, 1)); dag.metric("n", 1); dag.metric("o", "text"); dag.metric("p", true);
  dag.metric("m", row); // not assignable
  dag.metric("m", [1]); // not assignable
`);

const built = casesOf(`
  const total: NodeHandle<{ a: number; b: number[] }> = dag.literal({ a: dag.call(steps.one, 1), b: numbers });
  dag.literal(new Date()); // a Date has no datum form
  const y: number | undefined = undefined; dag.literal({ x: 1, y });
  dag.literal([undefined]); // 'undefined' is not assignable
  dag.literal({ when: [{ at: new Date() }] }); // a Date has no datum form
  dag.literal({ f: () => 1 }); // a function has no datum form
  dag.literal(new Map([[1, 2]])); // a Map whose keys are not text
  dag.literal([new Map([["a", 1]]), new Set([2n]), blob("x"), f64(1), null]);
  const item: NodeHandle<number> = dag.list.get(numbers, 0); dag.list.get([1, 2], 0, dag.literal(3));
  const item: NodeHandle<number | string> = dag.list.get(numbers, 0, "none");
  const item: NodeHandle<number> = dag.list.get(numbers, 0, "none"); // string
  dag.list.get(row, 0); // not assignable
  const items: NodeHandle<(number | string)[]> = dag.list.union(numbers, ["a"]);
  const items: NodeHandle<number[]> = dag.list.append([], dag.call(steps.one, 1));
  const set: NodeHandle<Set<number | string>> = dag.set.add(dag.set.union(new Set([1]), new Set<number>()), "a");
  const year: NodeHandle<number> = dag.map.get(dag.call(steps.later, 1), "best");
  dag.map.get(dag.call(steps.later, 1), "worst"); // "worst"
  const more: NodeHandle<{ best: number; n: string }> = dag.map.assoc(dag.call(steps.later, 1), "n", "x");
  const less: NodeHandle<{ b: number }> = dag.map.dissoc({ a: 1, b: 2 }, "a");
  const all: NodeHandle<{ a: string; b: number }> = dag.map.union({ a: 1, b: 2 }, { a: "x" });
  const some: NodeHandle<Record<string, number>> = dag.map.union(dag.literal({} as Record<string, number>), { a: 1 });
`);

const imported = casesOf(`
  const root: NodeHandle<{ total: number; name: string }> = dag.import<typeof sales>("sales").root;
  const root: NodeHandle<{ total: number; name: string }> = dag.import(sales).root;
  const total: NodeHandle<number> = dag.map.get(dag.import(sales, "main").root, "total");
  const { sum } = dag.import<{ root: string; sum: number }>("sales"); dag.call(steps.one, sum);
  dag.import<{ sum: number }>("sales").other; // 'other' does not exist
  const { root, clean } = dag.import("sales"); const both: NodeHandle[] = [root, clean];
  dag.call(steps.one, dag.import("sales").root); // NodeHandle<unknown>
  dag.import(definePipeline("x", () => 1)).root satisfies NodeHandle<number>;
`);

const folders = [
  ...casesOf(`
  same<Awaited<ReturnType<Dag["files"]>>, NodeHandle<Record<string, BlobHandle>>>(true);
  same<Awaited<ReturnType<Dag["directory"]>>, NodeHandle<Record<string, DirectoryEntry>>>(true);
  same<DirectoryEntry, BlobHandle | ExecutableFile | SymbolicLink | EmptyFolder>(true);
  dag.call(steps.tables, await dag.files("a", { filter: (path) => path.endsWith(".csv"), all: true }));
  dag.call(steps.tables, await dag.directory("a")); // DirectoryEntry
  dag.call(steps.tree, await dag.directory("a", { filter: () => true, all: true }));
  dag.call(steps.tree, await dag.files("a"));
  const files: Record<string, BlobHandle> = await dag.call(steps.tree, await dag.files("a")).value();
`),
  {
    code: `const entry = (await (await dag.directory("a")).value())["a"]!;
     if ("link" in entry) { const to: string = entry.link; }
     else if ("content" in entry) { const blob: BlobHandle = entry.content; const yes: true = entry.executable; }
     else if ("sizeBytes" in entry) { const blob: BlobHandle = entry; }
     else { const none: EmptyFolder = entry; }`,
    error: '',
  },
];

const runs = casesOf(`
  const run = repository.start(sales); same<typeof run, RunHandle<{ total: number; name: string }>>(true);
  same<Awaited<ReturnType<RunHandle<number>["wait"]>>["root"], NodeHandle<number>>(true);
  const status: "pending" | "ok" | "error" = repository.start(sales).status;
  repository.start(tuned, { parameters: { lambda: 2 }, signal: AbortSignal.timeout(1) });
  repository.start(tuned, { parameters: { lamda: 2 } }); // 'lamda' does not exist
  repository.start(tuned, { parameters: { lambda: "2" } }); // Type 'string' is not assignable to type 'number'
  repository.start("tuned"); // not assignable
  for await (const event of repository.start(sales).events) if (event.type === "missed") { const count: number = event.count; }
  for await (const event of repository.start(sales).events) event.nodeId; // Property 'nodeId' does not exist
  for await (const event of repository.start(sales).events) if (event.type === "call-finished") { const name: string = event.name; }
  for await (const event of repository.start(sales)) event; // asyncIterator
  const value = await repository.start(sales); value.root; // Property 'root' does not exist
  same<Awaited<ReturnType<typeof probe>>, number[]>(true); async function probe() { return dag.mapOver(numbers, () => 1); }
  const each = await dag.mapOver(numbers, (item, index) => dag.call(steps.one, item)); same<typeof each, ExecutionHandle<number>[]>(true);
  const each = await dag.mapOver(frozen, async (item, index: number) => item); same<typeof each, NodeHandle<number>[]>(true);
  const each = await dag.mapOver(await dag.files("a"), (file, path: string) => dag.call(steps.read, file, path)); same<typeof each, Record<string, ExecutionHandle<BlobHandle>>>(true);
  dag.mapOver(dag.files("a"), (file) => file); // No overload matches
  dag.mapOver(row, (item) => item); // No overload matches
  dag.mapOver(dag.literal(1), (item) => item); // No overload matches
  dag.mapOver(unknown, (item) => item); // No overload matches
  dag.mapOver(dag.literal(["a"]), (item) => dag.call(steps.one, item)); // is not assignable
  repository.rebase(); // Expected 1-2 arguments
  repository.rebase("side", { message: "no" }); // 'message' does not exist
  repository.fastForward("main"); // Expected 2 arguments
`);

const groups = [runs, values, inputs, calls, results, parameters, built, imported, folders];
const errors = new Map<Case, string>();

beforeAll(() => {
  const cases = groups.flat();
  const codes = cases.map(({ code }) => code);
  for (const [at, error] of compileCases(prelude, codes).entries()) errors.set(cases[at] as Case, error);
});

function check(cases: readonly Case[]): void {
  for (const each of cases) {
    if (each.error === '') expect(errors.get(each), each.code).toBe('');
    else expect(errors.get(each), each.code).toContain(each.error);
  }
}

describe('the types', () => {
  it('of values say what lifting yields [DML-BND-0806]', () => check(values));
  it('of inputs accept what a function can receive, and handles of it [DML-BND-0807]', () => check(inputs));
  it('of calls follow the parameters and the result of the function [DML-BND-0808]', () => check(calls));
  it('of results that may be undefined are refused, of functions and pipelines [DML-BND-1560]', () =>
    check(results));
  it('of literals and builtins follow what they are given [DML-BND-0810]', () => check(built));
  it('of parameters follow their declaration [DML-BND-1709]', () => check(parameters));
  it('of an imported dag follow its pipeline or the names that are given [DML-BND-0809]', () =>
    check(imported));
  it('of runs that have begun, and of mapOver, follow what they are given [DML-BND-1869]', () => check(runs));
  it('of folders have the forms of all entries, or blobs alone [DML-BND-0926]', () => check(folders));
});
