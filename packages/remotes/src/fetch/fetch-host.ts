import type { ObjectClass, ObjectId } from '@daggerml/object-model';
import { type ImportHost, isLeftOut, type Ref, type StubCounts, type StubFacts } from '@daggerml/store';
import type { Link } from '../format/link.ts';

/** A store that takes objects and tracking refs. */
export interface FetchHost extends ImportHost {
  has(objectClass: ObjectClass, id: ObjectId): boolean;
  readRefs(): Ref[];
  getStub(objectClass: ObjectClass, id: ObjectId): StubFacts | undefined;
  countStubs(): StubCounts;
  iterateStubs(objectClass?: ObjectClass): Iterable<StubFacts>;
  hasLeftOut(objectClass: ObjectClass): boolean;
  hasWithheld(): boolean;
  hasObjects(): boolean;
}

/** Checks whether a stub here says that an object was left out. */
export function isLeftOutHere(store: Pick<FetchHost, 'getStub'>, { class: objectClass, id }: Link): boolean {
  const stub = store.getStub(objectClass, id);
  return stub !== undefined && isLeftOut(stub.domain);
}
