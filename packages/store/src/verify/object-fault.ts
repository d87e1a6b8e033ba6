import type { ObjectClass, ObjectId } from '@daggerml/object-model';

/** An object by class and id. */
export interface FaultyObject {
  readonly class: ObjectClass;
  readonly objectId: ObjectId;
}

/** What is wrong with an object in a way that only other objects show. */
export type ObjectFault =
  | {
      readonly code: 'element_linked';
      /** The datum that should stand in place. */
      readonly to: FaultyObject;
    }
  | {
      readonly code: 'tree_not_canonical';
      readonly role: string;
      readonly fault: string;
      readonly pageId: ObjectId | undefined;
    }
  | { readonly code: 'blob_wrong'; readonly reason: string }
  | {
      readonly code: 'exec_contradiction';
      /** What the exec says otherwise than the object `to`. */
      readonly member: 'nodeKind' | 'function' | 'inputCount' | 'request' | 'source';
      readonly to: FaultyObject;
    }
  | {
      readonly code: 'entry_contradiction';
      readonly role: 'pins' | 'requests';
      /** Key of the entry, which is not the node of the exec or exec-request `to`. */
      readonly nodeId: ObjectId;
      readonly to: FaultyObject;
    }
  | {
      readonly code: 'details_invalid';
      readonly member: 'details' | 'needs';
      readonly to: FaultyObject;
    };
