import { createHash } from 'node:crypto';
import { element, errorAnswer, type S3Answer, type S3Request, xmlAnswer } from './s3-messages.ts';

interface StoredObject {
  readonly bytes: Buffer;
  readonly entityTag: string;
  readonly modified: string;
}

/** Treatment of the conditions of a write: as it should be, none, or with a gap between look and write. */
export type Conditions = 'kept' | 'ignored' | 'racy';

/** Settings of a server that may change while it runs. */
export interface BucketModes {
  conditions: Conditions;
  /** True when a read on a condition is answered with the whole object. */
  ignoresReadConditions: boolean;
  /** True when a range is answered with the whole object. */
  ignoresRanges: boolean;
  /** False when requests to delete many objects are refused. */
  deletesMany: boolean;
  /** The most objects of one page of a listing. */
  pageSize: number;
}

type Objects = Map<string, StoredObject>;

const CONDITION_FAILED = errorAnswer(412, 'PreconditionFailed', 'a condition of the request did not hold');
const NO_KEY = errorAnswer(404, 'NoSuchKey', 'The specified key does not exist.');

/** Buckets in memory that answer those requests of S3 that an adapter makes. */
export class MemoryBuckets {
  readonly #buckets = new Map<string, Objects>();
  readonly #uploads = new Map<string, Map<number, Buffer>>();
  readonly #modes: BucketModes;
  #uploadCount = 0;
  #frozen: ReadonlyMap<string, Objects> | undefined;

  constructor(modes: BucketModes) {
    this.#modes = modes;
  }

  createBucket(name: string): void {
    this.#buckets.set(name, new Map());
  }

  /** Returns the bytes of an object, as they are stored. */
  bytesOf(bucket: string, key: string): Buffer | undefined {
    return this.#buckets.get(bucket)?.get(key)?.bytes;
  }

  /** Returns the number of uploads that were neither completed nor aborted. */
  get uploadCount(): number {
    return this.#uploads.size;
  }

  /** Makes listings show what is there now, whatever happens, until `thawListings`. */
  freezeListings(): void {
    this.#frozen = new Map([...this.#buckets].map(([name, objects]) => [name, new Map(objects)]));
  }

  thawListings(): void {
    this.#frozen = undefined;
  }

  /** Puts an object whatever the modes say. */
  store(bucket: string, key: string, bytes: Buffer): string {
    const entityTag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    return this.#keep(this.#buckets.get(bucket) ?? new Map(), key, { bytes, entityTag });
  }

  /** Returns the answer to a request, after its effect. */
  async answer(request: S3Request): Promise<S3Answer> {
    const objects = this.#buckets.get(request.bucket);
    if (objects === undefined) return errorAnswer(404, 'NoSuchBucket', 'The specified bucket does not exist');
    switch (request.operation) {
      case 'GetObject':
      case 'HeadObject':
        return this.#get(objects, request);
      case 'PutObject':
        return this.#put(objects, request);
      case 'DeleteObject':
        objects.delete(request.key);
        return { status: 204, headers: {}, body: Buffer.alloc(0) };
      case 'DeleteObjects':
        return this.#deleteMany(objects, request);
      case 'ListObjectsV2':
        return this.#list(this.#frozen?.get(request.bucket) ?? objects, request);
      case 'CreateMultipartUpload':
        return this.#createUpload();
      case 'UploadPart':
        return this.#uploadPart(request);
      case 'CompleteMultipartUpload':
        return this.#completeUpload(objects, request);
      case 'AbortMultipartUpload':
        this.#uploads.delete(uploadIdOf(request));
        return { status: 204, headers: {}, body: Buffer.alloc(0) };
      default:
        return errorAnswer(501, 'NotImplemented', 'this server does not do so');
    }
  }

  #keep(objects: Objects, key: string, { bytes, entityTag }: Omit<StoredObject, 'modified'>): string {
    objects.set(key, { bytes, entityTag, modified: new Date().toUTCString() });
    return entityTag;
  }

  #get(objects: Objects, { key, headers }: S3Request): S3Answer {
    const object = objects.get(key);
    if (object === undefined) return NO_KEY;
    const { bytes, entityTag, modified } = object;
    const about = { etag: entityTag, 'last-modified': modified, 'accept-ranges': 'bytes' };
    if (headers['if-none-match'] === entityTag && !this.#modes.ignoresReadConditions)
      return { status: 304, headers: about, body: Buffer.alloc(0) };
    const range = this.#modes.ignoresRanges ? undefined : /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
    if (!range) return { status: 200, headers: about, body: bytes };
    const first = Number(range[1]);
    if (first >= bytes.length)
      return errorAnswer(416, 'InvalidRange', 'The requested range is not satisfiable');
    const end = Math.min(Number(range[2]) + 1, bytes.length);
    const contentRange = `bytes ${first}-${end - 1}/${bytes.length}`;
    return {
      status: 206,
      headers: { ...about, 'content-range': contentRange },
      body: bytes.subarray(first, end),
    };
  }

  async #put(objects: Objects, { bucket, key, headers, body }: S3Request): Promise<S3Answer> {
    const refusal = await this.#conditionRefusal(objects, key, headers);
    if (refusal !== undefined) return refusal;
    return { status: 200, headers: { etag: this.store(bucket, key, body) }, body: Buffer.alloc(0) };
  }

  async #conditionRefusal(
    objects: Objects,
    key: string,
    headers: S3Request['headers'],
  ): Promise<S3Answer | undefined> {
    const { conditions } = this.#modes;
    if (conditions === 'ignored') return undefined;
    const found = objects.get(key);
    const expected = headers['if-match'];
    if (headers['if-none-match'] === '*' && found !== undefined) return CONDITION_FAILED;
    if (expected !== undefined && found === undefined) return NO_KEY;
    if (expected !== undefined && found?.entityTag !== expected) return CONDITION_FAILED;
    // Whoever comes in between is not seen.
    if (conditions === 'racy') await new Promise((resolve) => setImmediate(resolve));
    return undefined;
  }

  #deleteMany(objects: Objects, { body }: S3Request): S3Answer {
    if (!this.#modes.deletesMany) return errorAnswer(501, 'NotImplemented', 'this server does not do so');
    const keys = elementsOf(body.toString(), 'Key');
    if (keys.length > 1_000) return errorAnswer(400, 'MalformedXML', 'more than 1,000 keys');
    for (const key of keys) objects.delete(key);
    return xmlAnswer('DeleteResult', '');
  }

  #list(objects: Objects, { query }: S3Request): S3Answer {
    const prefix = query.get('prefix') ?? '';
    const after = Buffer.from(query.get('continuation-token') ?? '', 'base64').toString();
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const page = keys.slice(0, this.#modes.pageSize);
    const isTruncated = page.length < keys.length;
    const contents = page.map((key) => {
      const { bytes, entityTag } = objects.get(key) as StoredObject;
      const inside = `${element('Key', key)}${element('ETag', entityTag)}${element('Size', bytes.length)}`;
      return `<Contents>${inside}</Contents>`;
    });
    const token = Buffer.from(page.at(-1) ?? '').toString('base64');
    const next = isTruncated ? element('NextContinuationToken', token) : '';
    return xmlAnswer('ListBucketResult', `${element('IsTruncated', isTruncated)}${next}${contents.join('')}`);
  }

  #createUpload(): S3Answer {
    this.#uploadCount += 1;
    const uploadId = `upload-${this.#uploadCount}`;
    this.#uploads.set(uploadId, new Map());
    return xmlAnswer('InitiateMultipartUploadResult', element('UploadId', uploadId));
  }

  #uploadPart(request: S3Request): S3Answer {
    const parts = this.#uploads.get(uploadIdOf(request));
    if (parts === undefined) return errorAnswer(404, 'NoSuchUpload', 'The specified upload does not exist');
    parts.set(Number(request.query.get('partNumber')), request.body);
    return { status: 200, headers: { etag: entityTagOf(request.body) }, body: Buffer.alloc(0) };
  }

  #completeUpload(objects: Objects, request: S3Request): S3Answer {
    const parts = this.#uploads.get(uploadIdOf(request));
    if (parts === undefined) return errorAnswer(404, 'NoSuchUpload', 'The specified upload does not exist');
    const numbers = elementsOf(request.body.toString(), 'PartNumber').map(Number);
    const tags = elementsOf(request.body.toString(), 'ETag');
    const chosen = numbers.map((number) => parts.get(number));
    if (chosen.some((part, at) => part === undefined || entityTagOf(part) !== tags[at]))
      return errorAnswer(400, 'InvalidPart', 'a part was not found or has another entity tag');
    const entityTag = `"${createHash('md5').update(tags.join()).digest('hex')}-${numbers.length}"`;
    this.#keep(objects, request.key, { bytes: Buffer.concat(chosen as Buffer[]), entityTag });
    this.#uploads.delete(uploadIdOf(request));
    return xmlAnswer('CompleteMultipartUploadResult', element('ETag', entityTag));
  }
}

function entityTagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

function uploadIdOf({ query }: S3Request): string {
  return query.get('uploadId') ?? '';
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

/** Returns the texts of all elements of a name. */
function elementsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) =>
    text.replace(/&(\w+);/g, (whole, entity: string) => ENTITIES[entity] ?? whole),
  );
}
