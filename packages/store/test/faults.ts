import {
  buildTree,
  type CallExec,
  type CommitId,
  type DatumId,
  decodeRecord,
  type ExecId,
  hashBytes,
  type ListDatum,
  type NodeId,
  type ObjectClass,
  type ObjectId,
  type PageId,
  writeBlob,
} from '@daggerml/object-model';
import type { ObjectName } from '../src/excision/plan.ts';
import { type PutCallResult, putFunction, putRequestOf, putWholeCall } from './calls.ts';
import {
  contentOf,
  mapEntries,
  type ObjectSink,
  putBlobOf,
  putCommit,
  putDag,
  putLiteral,
  putRecord,
  putText,
} from './records.ts';
import type { StreamObjects } from './streams.ts';

/** The one finding that a verification has of some objects, and a commit that reaches them. */
export interface PutFault {
  readonly finding: {
    readonly code: string;
    readonly class: ObjectClass;
    readonly objectId: ObjectId;
    readonly [fact: string]: unknown;
  };
  readonly commitId: CommitId;
}

/** Puts objects of which one has a fault that only other objects show. */
export type Fault = (sink: StreamObjects) => PutFault;

type Facts = { readonly code: string; readonly [fact: string]: unknown };

/** Puts a commit over one value. */
export function commitOver(sink: ObjectSink, datumId: DatumId): CommitId {
  return putCommit(sink, { dags: { a: putDag(sink, putLiteral(sink, datumId)) } });
}

function ofDatum(facts: Facts, put: (sink: StreamObjects) => DatumId): Fault {
  return (sink) => {
    const objectId = put(sink);
    return { finding: { class: 'datum', objectId, ...facts }, commitId: commitOver(sink, objectId) };
  };
}

const NULL = { type: 'datum', kind: 'null' } as const;

/** Puts a page of a list, and returns what a page above holds of it. */
function putLeaf(sink: ObjectSink, from: number, count: number): [PageId, number] {
  const values = Array.from({ length: count }, (_, at) => BigInt(from + at));
  const entries = values.map((value) => ({ type: 'datum', kind: 'i64', value }) as const);
  return [putRecord(sink, { type: 'page', role: 'list', level: 0, entries } as never), count];
}

function putList(sink: ObjectSink, root: ListDatum['root']): DatumId {
  return putRecord(sink, { type: 'datum', kind: 'list', root });
}

/** Returns the page at the bottom of a search tree that holds an id. */
function leafWith(sink: StreamObjects, id: ObjectId): PageId {
  const isLeaf = (bytes: Uint8Array): boolean =>
    bytes[2] === 11 && bytes[4] === 0 && Buffer.from(bytes).includes(Buffer.from(id, 'hex'));
  return hashBytes<'page'>(sink.records.find(isLeaf) as Uint8Array);
}

/** Puts a map that links a null, in a page. */
const linkedByPage: Fault = (sink) => {
  const to = { class: 'datum', objectId: putRecord<DatumId>(sink, NULL) };
  const root = buildTree('map', [...mapEntries(2_000), ['last', to.objectId]], sink.pages);
  const objectId = leafWith(sink, to.objectId);
  const finding = { code: 'element_linked', class: 'page', objectId, to } as const;
  return { finding, commitId: commitOver(sink, putRecord(sink, { type: 'datum', kind: 'map', root })) };
};

/** Puts a list in pages that links texts: long ones, and one of a length; returns the list and that text. */
export function putLinkedTexts(sink: StreamObjects, length: number): { listId: DatumId; textId: DatumId } {
  const texts = Array.from({ length: 300 }, (_, at) => putText(sink, `text ${at} `.repeat(40)));
  const textId = putText(sink, 'x'.repeat(length));
  const root = buildTree('list', [...texts.slice(0, 100), textId, ...texts.slice(100)], sink.pages);
  return { listId: putRecord(sink, { type: 'datum', kind: 'list', root }), textId };
}

/** Puts a list whose page links the longest text that stands inline, among longer ones. */
const linkedAmongLong: Fault = (sink) => {
  const { listId, textId } = putLinkedTexts(sink, 124);
  const to = { class: 'datum', objectId: textId };
  const finding = {
    code: 'element_linked',
    class: 'page',
    objectId: leafWith(sink, textId),
    to,
  } as const;
  return { finding, commitId: commitOver(sink, listId) };
};

/** Puts a commit of which a tree has one page where it should have none. */
const pagedRequests: Fault = (sink) => {
  const { nodeId, execId, exec } = putWholeCall(sink, 'a');
  const entries = [[nodeId, putRequestOf(sink, exec)]] as const;
  const requests: PageId = putRecord(sink, { type: 'page', role: 'requests', level: 0, entries });
  const commitId = putCommit(sink, { requests, pins: { [nodeId]: execId } as never });
  const facts = { role: 'requests', fault: 'top', pageId: requests };
  return { finding: { code: 'tree_not_canonical', class: 'commit', objectId: commitId, ...facts }, commitId };
};

/** Values under an id that writing them again does not have. */
export const NOT_CANONICAL: Readonly<Record<string, Fault>> = {
  'a null that a list links [DML-STO-0920]': ofDatum({ code: 'element_linked' }, (sink) =>
    putList(sink, [putRecord<DatumId>(sink, NULL)]),
  ),
  'a null that a set links [DML-STO-0920]': ofDatum({ code: 'element_linked' }, (sink) =>
    putRecord(sink, { type: 'datum', kind: 'set', root: [putRecord<DatumId>(sink, NULL)] }),
  ),
  'a null that a page of a map links [DML-STO-0920]': linkedByPage,
  'a short text that a page of a list links among long ones [DML-STO-0920]': linkedAmongLong,
  'a top page that should be embedded [DML-STO-0908]': ofDatum(
    { code: 'tree_not_canonical', role: 'list', fault: 'top' },
    (sink) => putList(sink, putLeaf(sink, 0, 3)[0]),
  ),
  'a page that ends early [DML-STO-0908]': ofDatum({ code: 'tree_not_canonical', role: 'list' }, (sink) => {
    const entries = [putLeaf(sink, 0, 4), putLeaf(sink, 4, 6)];
    return putList(sink, putRecord<PageId>(sink, { type: 'page', role: 'list', level: 1, entries }));
  }),
  'a count that is not that of the page [DML-STO-0908]': ofDatum(
    { code: 'tree_not_canonical', role: 'map', fault: 'summary' },
    (sink) => {
      const topId = buildTree('map', mapEntries(3_000), sink.pages) as PageId;
      const top = decodeRecord(sink.pages.getPage(topId) as Uint8Array, 'page');
      const entries = (top.entries as unknown as [string, PageId, number][]).map(
        ([key, pageId, count], at) => (at === 1 ? [key, pageId, count + 1] : [key, pageId, count]),
      );
      const root: PageId = putRecord(sink, { ...top, entries } as never);
      return putRecord(sink, { type: 'datum', kind: 'map', root });
    },
  ),
  'a page of requests that should be embedded [DML-STO-0908]': pagedRequests,
  'chunks that end early [DML-STO-0909]': ofDatum({ code: 'blob_wrong', reason: 'blob_chunks' }, (sink) =>
    // Zeros are cut at the greatest length only.
    putBlobOf(
      sink,
      [20_000, 30_000].map((size) => Buffer.alloc(size)),
    ),
  ),
  'another SHA-256 [DML-STO-0909]': ofDatum({ code: 'blob_wrong', reason: 'blob_content' }, (sink) => {
    const blob = writeBlob(Buffer.alloc(300_000, 'content'), sink.pages);
    return putRecord(sink, { ...blob, contentSha256: '1'.repeat(64) });
  }),
  'another size [DML-STO-0909]': ofDatum({ code: 'blob_wrong' }, (sink) => {
    const blob = writeBlob(contentOf(3_000_000), sink.pages);
    return putRecord(sink, { ...blob, sizeBytes: 3_000_001 });
  }),
};

interface PutExec {
  readonly nodeId: NodeId;
  readonly execId: ExecId;
  readonly to: ObjectName;
}

function ofExec(member: string, put: (sink: StreamObjects) => PutExec): Fault {
  return (sink) => {
    const { nodeId, execId, to } = put(sink);
    const finding = { code: 'exec_contradiction', class: 'exec', objectId: execId, member, to } as const;
    return { finding, commitId: putCommit(sink, { pins: { [nodeId]: execId } as never }) };
  };
}

/** Returns the fault of an exec of a call with other members than its node says. */
function ofNode(member: string, exec: (sink: StreamObjects) => Partial<CallExec>): Fault {
  return ofExec(member, (sink) => {
    const changes = exec(sink);
    const { nodeId, execId } = putWholeCall(sink, 'a', { exec: changes });
    const objectId = changes.nodeId ?? nodeId;
    return { nodeId: objectId, execId, to: { class: 'node', objectId } };
  });
}

/** Puts an exec of a builtin with function and inputs of another one. */
function putBuiltinExec(sink: ObjectSink, nodeId: NodeId, { functionDatumId, inputs }: CallExec): ExecId {
  const outcome = { status: 'ok', resultDatumId: putText(sink, 'result') } as const;
  const call = { nodeId, functionDatumId, inputs };
  return putRecord(sink, { type: 'exec', nodeKind: 'builtin', ...call, ...outcome });
}

function inputCount(count: number): Fault {
  return ofNode('inputCount', (sink) => {
    const values = Array.from({ length: count }, (_, index) => putText(sink, `${index}`));
    return { inputs: buildTree('values', values, sink.pages) };
  });
}

const literal = (sink: ObjectSink, text: string): NodeId => putLiteral(sink, putText(sink, text));

/** Imports a node as the root or under a name of a dag. */
function importOf(sink: ObjectSink, nodeId: NodeId, name: string): NodeId {
  const isRoot = name === 'root';
  const dagId = putDag(sink, isRoot ? nodeId : literal(sink, 'root'), isRoot ? {} : { [name]: nodeId });
  return putRecord(sink, { type: 'node', kind: 'import', dagId, name });
}

/** Returns the fault of an exec whose last input, of so many, is another value than its input node has, next to one with the right value. */
function wrongInput(count: number, putRight: (sink: ObjectSink) => NodeId): Fault {
  return ofExec('input', (sink) => {
    const objectId = putRight(sink);
    const texts = Array.from({ length: count - 1 }, (_, index) => `${index}`);
    const nodeIds = [...texts.map((text) => literal(sink, text)), objectId];
    const [, wrong] = ['right', 'wrong'].map((last) => {
      const values = [...texts, last].map((text) => putText(sink, text));
      return putWholeCall(sink, 'a', {
        node: { inputs: buildTree('inputs', nodeIds, sink.pages) },
        exec: { inputs: buildTree('values', values, sink.pages) },
      });
    }) as [PutCallResult, PutCallResult];
    return { ...wrong, to: { class: 'node', objectId } };
  });
}

function ofRequest(change: 'nodeId' | 'executionKey'): Fault {
  return ofExec('request', (sink) => {
    const { exec } = putWholeCall(sink, 'a');
    const other = { nodeId: putWholeCall(sink, 'b').nodeId, executionKey: '1'.repeat(64) };
    const objectId = putRequestOf(sink, exec, { [change]: other[change] });
    const to = { class: 'exec-request', objectId } as const;
    return { ...putWholeCall(sink, 'a', { exec: { requestId: objectId } }), to };
  });
}

function ofSource(put: (sink: StreamObjects) => ExecId): Fault {
  return ofExec('source', (sink) => {
    const objectId = put(sink);
    const to = { class: 'exec', objectId } as const;
    return { ...putWholeCall(sink, 'a', { exec: { sourceExecId: objectId } }), to };
  });
}

/** Puts a call, and an exec and a request of another one. */
function putTwoCalls(sink: ObjectSink) {
  const { nodeId } = putWholeCall(sink, 'right');
  const { execId, exec } = putWholeCall(sink, 'wrong');
  const pin = { role: 'pins', nodeId, to: { class: 'exec', objectId: execId } };
  return { nodeId, execId, requestId: putRequestOf(sink, exec), pin };
}

/** Puts so many calls and returns their pins in order, with others. */
function pinsWith(sink: ObjectSink, count: number, ...others: [NodeId, ExecId][]): [NodeId, ExecId][] {
  const calls = Array.from({ length: count }, (_, index) => putWholeCall(sink, `${index}`));
  const pins = calls.map(({ nodeId, execId }): [NodeId, ExecId] => [nodeId, execId]);
  return [...pins, ...others].sort(([left], [right]) => (left < right ? -1 : 1));
}

/** Returns the fault of an exec that pins so many calls, one of which has another input than its node has there, next to a right one. */
function wrongPin(count: number): Fault {
  return (sink) => {
    const inner = putWholeCall(sink, 'inner');
    const [, { nodeId, execId, to }] = ['result of inner', 'another'].map((value) => {
      const next = putWholeCall(sink, 'next', {
        node: { inputs: [inner.nodeId] },
        exec: { inputs: [putText(sink, value)] },
      });
      const pins = pinsWith(sink, count, [inner.nodeId, inner.execId], [next.nodeId, next.execId]);
      const outer = putWholeCall(sink, 'outer', { exec: { pins: buildTree('pins', pins, sink.pages) } });
      return { ...outer, to: next };
    }) as [PutCallResult, PutCallResult & { readonly to: PutCallResult }];
    const facts = { nodeId: to.nodeId, to: { class: 'exec', objectId: to.execId } };
    return {
      finding: { code: 'pin_contradiction', class: 'exec', objectId: execId, ...facts },
      commitId: putCommit(sink, { pins: { [nodeId]: execId } as never }),
    };
  };
}

const ENTRY = 'entry_contradiction';

/** Records that say otherwise than those that they name. */
export const CONTRADICTIONS: Readonly<Record<string, Fault>> = {
  'an exec of a call for a literal [DML-STO-0924]': ofNode('nodeKind', (sink) => ({
    nodeId: literal(sink, 'literal'),
  })),
  'an exec of a builtin for a call [DML-STO-0924]': ofExec('nodeKind', (sink) => {
    const { nodeId, exec } = putWholeCall(sink, 'a');
    return { nodeId, execId: putBuiltinExec(sink, nodeId, exec), to: { class: 'node', objectId: nodeId } };
  }),
  'an exec of another function [DML-STO-0925]': ofNode('function', (sink) => ({
    functionDatumId: putFunction(sink, 'x:other'),
  })),
  'an exec with one input of two [DML-STO-0926]': inputCount(1),
  'an exec with 2,000 inputs instead of two [DML-STO-0926]': inputCount(2_000),
  'another value than a literal input has [DML-STO-0950]': wrongInput(1, (sink) => literal(sink, 'right')),
  'another value than an import has, the last of 900 inputs [DML-STO-0950]': wrongInput(900, (sink) =>
    importOf(sink, literal(sink, 'right'), 'root'),
  ),
  'another value than an import of an import has [DML-STO-0950]': wrongInput(1, (sink) =>
    importOf(sink, importOf(sink, literal(sink, 'right'), 'root'), 'named'),
  ),
  'a pin of other inputs than its node has there [DML-STO-0951]': wrongPin(0),
  'such a pin among many [DML-STO-0951]': wrongPin(200),
  'a request for another node [DML-STO-0927]': ofRequest('nodeId'),
  'a request with another execution key [DML-STO-0927]': ofRequest('executionKey'),
  'a source of a builtin [DML-STO-0928]': ofSource((sink) => {
    const { exec } = putWholeCall(sink, 'a');
    const inputs = ['left', 'right'].map((side) => literal(sink, `${side} of a`));
    const { functionDatumId } = exec;
    const record = { type: 'node', kind: 'builtin', functionDatumId, inputs } as const;
    return putBuiltinExec(sink, putRecord(sink, record), exec);
  }),
  'a source with a source [DML-STO-0928]': ofSource((sink) => {
    const sourceExecId = putWholeCall(sink, 'a').execId;
    return putWholeCall(sink, 'a', { exec: { sourceExecId } }).execId;
  }),
  'a source of other inputs [DML-STO-0928]': ofSource((sink) => {
    const { resultDagId } = putWholeCall(sink, 'a').exec;
    return putWholeCall(sink, 'b', { exec: { resultDagId } }).execId;
  }),
  'a source of another status [DML-STO-0928]': ofSource(
    (sink) => putWholeCall(sink, 'a', { exec: { status: 'error' } }).execId,
  ),
  'a source under other pins [DML-STO-0928]': ofSource((sink) => {
    const { nodeId, execId } = putWholeCall(sink, 'inner');
    return putWholeCall(sink, 'a', { exec: { pins: [[nodeId, execId]] } }).execId;
  }),
  'a source with another result [DML-STO-0928]': ofSource((sink) => {
    const resultDagId = putDag(sink, literal(sink, 'other'));
    return putWholeCall(sink, 'a', { exec: { resultDagId } }).execId;
  }),
  'a pin of a commit for another node [DML-STO-0929]': (sink) => {
    const { nodeId, execId, pin } = putTwoCalls(sink);
    const commitId = putCommit(sink, { pins: { [nodeId]: execId } as never });
    return { finding: { code: ENTRY, class: 'commit', objectId: commitId, ...pin }, commitId };
  },
  'a request of a commit for another node [DML-STO-0929]': (sink) => {
    const { nodeId, requestId } = putTwoCalls(sink);
    const commitId = putCommit(sink, { requests: { [nodeId]: requestId } as never });
    const facts = { role: 'requests', nodeId, to: { class: 'exec-request', objectId: requestId } };
    return { finding: { code: ENTRY, class: 'commit', objectId: commitId, ...facts }, commitId };
  },
  'a pin of an exec for another node [DML-STO-0929]': (sink) => {
    const { nodeId, execId, pin } = putTwoCalls(sink);
    const outer = putWholeCall(sink, 'outer', { exec: { pins: [[nodeId, execId]] } });
    const commitId = putCommit(sink, { pins: { [outer.nodeId]: outer.execId } as never });
    return { finding: { code: ENTRY, class: 'exec', objectId: outer.execId, ...pin }, commitId };
  },
  'a pin in a page for another node [DML-STO-0929]': (sink) => {
    const { nodeId, execId, pin } = putTwoCalls(sink);
    const pins = buildTree('pins', pinsWith(sink, 200, [nodeId, execId]), sink.pages) as PageId;
    const finding = { code: ENTRY, class: 'page', objectId: leafWith(sink, nodeId), ...pin } as const;
    return { finding, commitId: putCommit(sink, { pins }) };
  },
};

/** Puts calls, execs, requests and pins that agree, and returns a commit that holds them. */
export function putAgreeing(sink: StreamObjects): CommitId {
  const first = putWholeCall(sink, 'a');
  const requestId = putRequestOf(sink, first.exec);
  const own = putWholeCall(sink, 'a', { exec: { requestId, startedMs: 1, finishedMs: 2 } });
  const derived = putWholeCall(sink, 'a', { exec: { sourceExecId: own.execId } });
  const nested = putWholeCall(sink, 'nested', { exec: { pins: [[own.nodeId, derived.execId]] } });
  const pins = pinsWith(sink, 200, [own.nodeId, derived.execId], [nested.nodeId, nested.execId]);
  return putCommit(sink, {
    dags: { a: first.dagId },
    pins: buildTree('pins', pins, sink.pages) as PageId,
    requests: { [own.nodeId]: requestId } as never,
  });
}
