import { readFileSync } from 'node:fs';

/** The document's rules for records, taken from its tables and from nothing else. */
export interface DocumentTables {
  /** Type → its number. */
  readonly types: ReadonlyMap<string, number>;
  /** Type → its places behind the header; datums and nodes have theirs by kind. */
  readonly places: ReadonlyMap<string, readonly Place[]>;
  /** Kind of a datum or node → number and places behind the kind. */
  readonly kinds: ReadonlyMap<'datum' | 'node', ReadonlyMap<string, Kind>>;
  /** Role → number and the forms of its entries. */
  readonly roles: ReadonlyMap<string, Role>;
}

export interface Place {
  readonly field: string;
  readonly form: string;
}

export interface Kind {
  readonly number: number;
  readonly places: readonly Place[];
}

export interface Role {
  readonly number: number;
  readonly leaf: string;
  readonly interior: string;
}

type Table = readonly (readonly string[])[];

/** Reads the tables of the document at a path. */
export function readDocumentTables(path: string): DocumentTables {
  const tables = tablesOf(readFileSync(path, 'utf8'));
  const find = (...heading: string[]): Table => {
    const found = tables.find((table) => heading.every((cell, at) => table[0]![at] === cell));
    if (found === undefined) throw new Error(`the document has no table ${heading.join(', ')}`);
    return found.slice(1);
  };
  const types = new Map(find('type', 'number', 'version').map((row) => [row[0]!, Number(row[1])] as const));
  const places = new Map<string, Place[]>();
  for (const table of tables) {
    const [type, field, form] = table[0]!;
    if (field === 'field' && form === 'form' && types.has(type!))
      places.set(type!, table.slice(1).map(placeOf));
  }
  const roles = find('role', 'number', 'leaf entry', 'interior entry').map(
    ([role, number, leaf, interior]) =>
      [role!, { number: Number(number), leaf: plain(leaf!), interior: plain(interior!) }] as const,
  );
  const [datums, nodes] = tables.filter((table) => table[0]![0] === 'kind' && table[0]![1] === 'number');
  return {
    types,
    places,
    kinds: new Map([
      ['datum', kindsOf(datums!)],
      ['node', kindsOf(nodes!)],
    ] as const),
    roles: new Map(roles),
  };
}

/** Lists the tables of a Markdown text, each with its heading as the first row. */
function tablesOf(text: string): Table[] {
  const tables: string[][][] = [];
  let open: string[][] | undefined;
  for (const line of text.split('\n')) {
    if (!line.startsWith('|')) open = undefined;
    else {
      if (open === undefined) {
        open = [];
        tables.push(open);
      }
      const cells = line.split('|').slice(1, -1);
      if (!/^\|[-|]+\|$/.test(line)) open.push(cells.map((cell) => cell.trim()));
    }
  }
  return tables;
}

function placeOf([, field, form]: readonly string[]): Place {
  return { field: plain(field!), form: form! };
}

/** Returns the kinds of a table; a cell reads `` `field`: form ``, or `–` where the record has no such place. */
function kindsOf(table: Table): Map<string, Kind> {
  return new Map(
    table.slice(1).map(([kind, number, ...cells]) => {
      const places = cells.filter((cell) => cell !== '–').map((cell) => cell.split(': '));
      const named = places.map(([field, form]) => ({ field: plain(field!), form: form! }));
      return [kind!, { number: Number(number), places: named }] as const;
    }),
  );
}

function plain(cell: string): string {
  return cell.replaceAll('`', '');
}
