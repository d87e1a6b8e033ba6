import type {
  CommitId,
  DagId,
  DatumId,
  ExecId,
  ExecRequestId,
  ExecutionKey,
  NodeId,
  ReferenceId,
  TreeId,
} from '../ids.ts';
import type { ObjectClass } from '../object-class.ts';
import type { PageRecord, TreeRoot } from './page-types.ts';

/** The null datum. */
export interface NullDatum {
  readonly type: 'datum';
  readonly kind: 'null';
}
/** A scalar of a kind with its value. */
export interface ValueDatum<Kind extends string, Value> {
  readonly type: 'datum';
  readonly kind: Kind;
  readonly value: Value;
}
/** A URI in canonical form, with at most one attached datum whose id its text contains. */
export interface UriDatum {
  readonly type: 'datum';
  readonly kind: 'uri';
  readonly value: string;
  readonly attachmentDatumId?: DatumId;
}
/** A collection of elements: a list, a set, or a map from text to elements. */
export interface ElementsDatum<Kind extends 'list' | 'set' | 'map'> {
  readonly type: 'datum';
  readonly kind: Kind;
  readonly root: TreeRoot<Kind>;
}
/** A list of elements. */
export type ListDatum = ElementsDatum<'list'>;
/** A map from text to elements. */
export type MapDatum = ElementsDatum<'map'>;
/** Large bytes, kept as content-defined chunks. */
export interface BlobDatum {
  readonly type: 'datum';
  readonly kind: 'blob';
  readonly sizeBytes: number;
  /** SHA-256 of the whole content, 64 lowercase hex digits. */
  readonly contentSha256: string;
  readonly root: TreeRoot<'chunks'>;
}

/**
 * A datum whose value stands in the record itself. An i64 is always a bigint, so that a value has one form in memory;
 * of an f64 `-0` is encoded as `+0`, and every NaN is the same value; a text is as it was given.
 */
export type ScalarDatum =
  | NullDatum
  | ValueDatum<'bool', boolean>
  | ValueDatum<'i64', bigint>
  | ValueDatum<'f64', number>
  | ValueDatum<'bytes', Uint8Array>
  | ValueDatum<'string', string>
  | UriDatum;
/** A datum whose value is a search tree. */
export type CollectionDatum = ListDatum | ElementsDatum<'set'> | MapDatum | BlobDatum;
/** Any datum. */
export type Datum = ScalarDatum | CollectionDatum;
/** Name of a datum kind. */
export type DatumKind = Datum['kind'];
/** A member of a collection: a small scalar in place, anything else by its id. */
export type Element = ScalarDatum | DatumId;

/** A node that is a datum. */
export interface LiteralNode {
  readonly type: 'node';
  readonly kind: 'literal';
  readonly datumId: DatumId;
}
/** A node that applies a function to inputs. */
export interface FunctionNode<Kind extends 'call' | 'builtin'> {
  readonly type: 'node';
  readonly kind: Kind;
  /** Id of the URI datum that names the function, `dml:` for a builtin. */
  readonly functionDatumId: DatumId;
  readonly inputs: TreeRoot<'inputs'>;
}
/** A node that calls a function on inputs. */
export type CallNode = FunctionNode<'call'>;
/** A node that applies a builtin function to inputs. */
export type BuiltinNode = FunctionNode<'builtin'>;
/** A node that selects one name of another dag; `root` selects its root. */
export interface ImportNode {
  readonly type: 'node';
  readonly kind: 'import';
  readonly dagId: DagId;
  readonly name: string;
}
/** Any node. */
export type NodeRecord = LiteralNode | CallNode | ImportNode | BuiltinNode;
/** Name of a node kind. */
export type NodeKind = NodeRecord['kind'];

/** A root node and the names of nodes. */
export interface DagRecord {
  readonly type: 'dag';
  readonly rootNodeId: NodeId;
  readonly names: TreeRoot<'names'>;
}

/** Names of dags. */
export interface TreeRecord {
  readonly type: 'tree';
  readonly dags: TreeRoot<'dags'>;
}

/** A tree, its parents, and what its nodes evaluated to. */
export interface CommitRecord {
  readonly type: 'commit';
  readonly treeId: TreeId;
  /** At most 16, distinct, in the order the writer chose. */
  readonly parentCommitIds: readonly CommitId[];
  /** Node → exec, for the nodes of this commit's own dags. */
  readonly pins: TreeRoot<'pins'>;
  /** Node → latest exec-request. */
  readonly requests: TreeRoot<'requests'>;
  /** Name of the one who made the content, at most 255 bytes. */
  readonly author: string;
  /** Milliseconds since 1970-01-01T00:00:00Z, like every time below. */
  readonly authoredMs: number;
  /** Name of the one who made this commit of it, at most 255 bytes. */
  readonly committer: string;
  readonly committedMs: number;
  readonly message: string;
  /** A map datum that carries a schema. */
  readonly detailsDatumId: DatumId | null;
}

/** Outcome of a call; the result dag of a failure describes it in its root. */
export interface CallExec {
  readonly type: 'exec';
  readonly nodeKind: 'call';
  readonly nodeId: NodeId;
  /** Id of the URI datum that names the function. */
  readonly functionDatumId: DatumId;
  /** Values of the input nodes; with the function they make the execution key. */
  readonly inputs: TreeRoot<'values'>;
  readonly status: ExecStatus;
  readonly resultDagId: DagId;
  /** Node → exec, for the nodes inside the result dag. */
  readonly pins: TreeRoot<'pins'>;
  readonly requestId: ExecRequestId | null;
  /** The exec of the same function and inputs whose result this one took over. */
  readonly sourceExecId: ExecId | null;
  readonly startedMs: number | null;
  readonly finishedMs: number | null;
  readonly receiptDatumId: DatumId | null;
  /** A map datum that carries a schema. */
  readonly detailsDatumId: DatumId | null;
}
/** Outcome of a builtin; deterministic, so it says nothing about when or by whom. */
export interface BuiltinExec {
  readonly type: 'exec';
  readonly nodeKind: 'builtin';
  readonly nodeId: NodeId;
  /** Id of the `dml:` URI datum that names the builtin. */
  readonly functionDatumId: DatumId;
  readonly inputs: TreeRoot<'values'>;
  readonly status: ExecStatus;
  /** The value, or the error datum when the status is `error`. */
  readonly resultDatumId: DatumId;
}
/** Outcome of a call or builtin. */
export type ExecStatus = 'ok' | 'error';
/** Any exec. */
export type ExecRecord = CallExec | BuiltinExec;

/** Record of a call that is about to be submitted, so that a crash recovers its identity. */
export interface ExecRequestRecord {
  readonly type: 'exec-request';
  readonly nodeId: NodeId;
  readonly executionKey: ExecutionKey;
  /** UUID in its 36-character lowercase form. */
  readonly executionUuid: string;
  /** False for a call that runs whatever is known; it claims under its UUID. */
  readonly cache: boolean;
  /** True for a call that runs where what is known is a failure. */
  readonly retryFailed: boolean;
  /** A map datum of the resources that the call asks for. */
  readonly needsDatumId: DatumId | null;
  readonly snapshotCommitId: CommitId | null;
  readonly remoteUri: string | null;
  readonly createdMs: number;
  /** A map datum that carries a schema. */
  readonly detailsDatumId: DatumId | null;
}

/** The value of a ref. */
export interface RefRecord {
  readonly type: 'ref';
  readonly name: string;
  readonly commitId: CommitId;
  /** Ref journal sequence of the update that wrote it. */
  readonly sequence: number;
}

/** Record in the place of an excised object. */
export interface TombstoneRecord {
  readonly type: 'tombstone';
  readonly objectClass: ObjectClass;
  /** Id of the excised object, as hex. */
  readonly objectId: string;
  readonly reason: string;
  readonly message: string;
  readonly actor: string;
  readonly timeMs: number;
}

/** Record of an object that a domain withholds, for a holder that lacks its bytes. */
export interface StubRecord {
  readonly type: 'stub';
  readonly objectClass: ObjectClass;
  /** Id of the withheld object, as hex. */
  readonly objectId: string;
  /** Canonical URI that names the domain, at most 255 bytes. */
  readonly domain: string;
  /** Since when the stub's holder knows of it. */
  readonly timeMs: number;
}

/** A local name for a commit of another domain, as it was taken at some time. */
export interface ReferenceRecord {
  readonly type: 'reference';
  /** Canonical URI that names the domain, at most 255 bytes. */
  readonly domain: string;
  /** Name under which the domain has published the commit. */
  readonly name: string;
  /** Null where the reference has ended. */
  readonly commitId: CommitId | null;
  /** References of that domain which it publishes with the commit; none where the reference has ended. */
  readonly references: TreeRoot<'references'>;
  readonly takenMs: number;
  /** The reference that was in effect before. */
  readonly previousReferenceId: ReferenceId | null;
  /** A map datum that carries a schema. */
  readonly detailsDatumId: DatumId | null;
}

/** Local heads and references together; equal parts make one record. */
export interface FederatedSnapshotRecord {
  readonly type: 'federated-snapshot';
  readonly heads: TreeRoot<'heads'>;
  readonly references: TreeRoot<'references'>;
  /** A map datum that carries a schema. */
  readonly detailsDatumId: DatumId | null;
}

/** A fact about the repository. */
export interface MetaRecord {
  readonly type: 'meta';
  readonly key: string;
  readonly value: string | number;
}

/** Record type → its shape. */
export interface Records {
  readonly meta: MetaRecord;
  readonly datum: Datum;
  readonly node: NodeRecord;
  readonly dag: DagRecord;
  readonly tree: TreeRecord;
  readonly commit: CommitRecord;
  readonly ref: RefRecord;
  readonly tombstone: TombstoneRecord;
  readonly exec: ExecRecord;
  readonly 'exec-request': ExecRequestRecord;
  readonly page: PageRecord;
  readonly stub: StubRecord;
  readonly reference: ReferenceRecord;
  readonly 'federated-snapshot': FederatedSnapshotRecord;
}

/** Any record. */
export type AnyRecord = Records[keyof Records];
