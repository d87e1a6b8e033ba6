import type { ObjectId } from '@daggerml/object-model';
import type { ObjectName } from '../excision/plan.ts';

/** Fault of an object that only other objects show. */
export type ObjectFault =
  | {
      readonly code: 'element_linked';
      /** The datum that should stand in place. */
      readonly to: ObjectName;
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
      /** Member of the exec that contradicts the object `to`. */
      readonly member: 'nodeKind' | 'function' | 'inputCount' | 'input' | 'request' | 'source';
      readonly to: ObjectName;
    }
  | {
      readonly code: 'entry_contradiction';
      readonly role: 'pins' | 'requests';
      /** Key of the entry, which is not the node of the exec or exec-request `to`. */
      readonly nodeId: ObjectId;
      readonly to: ObjectName;
    }
  | {
      readonly code: 'pin_contradiction';
      /** The node whose pin, among those of the exec, leads to the exec `to` of other inputs than it has there. */
      readonly nodeId: ObjectId;
      readonly to: ObjectName;
    };
