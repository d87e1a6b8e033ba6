import type { ObjectClass } from '../object-class.ts';
import { isKeyedRole, type PageRole } from './page-types.ts';

/** One member of an entry. */
export type EntryPart =
  | { readonly is: 'link'; readonly to: ObjectClass }
  | {
      readonly is: 'element' | 'map key' | 'node name' | 'dag name' | 'count' | 'chunk length';
      readonly to?: undefined;
    };

const link = (to: ObjectClass): EntryPart => ({ is: 'link', to });
const part = (is: Exclude<EntryPart['is'], 'link'>): EntryPart => ({ is, to: undefined });

/**
 * Role → members of its leaf entries, the key first where the role is keyed. An entry of one member is written
 * without an array. Codec, links and JSON form of entries are made from this table.
 */
const LEAF_PARTS: Readonly<Record<PageRole, readonly EntryPart[]>> = {
  list: [part('element')],
  set: [part('element')],
  map: [part('map key'), part('element')],
  names: [part('node name'), link('node')],
  dags: [part('dag name'), link('dag')],
  pins: [link('node'), link('exec')],
  requests: [link('node'), link('exec-request')],
  inputs: [link('node')],
  chunks: [link('chunk'), part('chunk length')],
  values: [link('datum')],
  heads: [part('dag name'), link('commit')],
  references: [part('dag name'), link('reference')],
};

const INTERIOR_PARTS = Object.fromEntries(
  Object.entries(LEAF_PARTS).map(([role, leaf]) => [
    role,
    [...(isKeyedRole(role as PageRole) ? leaf.slice(0, 1) : []), link('page'), part('count')],
  ]),
) as unknown as Readonly<Record<PageRole, readonly EntryPart[]>>;

/** Returns the members of an entry of a page. */
export function entryParts(role: PageRole, level: number): readonly EntryPart[] {
  return level > 0 ? INTERIOR_PARTS[role] : LEAF_PARTS[role];
}
