import type { Datum, DatumId, NodeId } from '@daggerml/object-model';
import { formatSize, isDmlError, treeCount, treeEntries } from '@daggerml/object-model';
import { shortId } from '../names/typed-id.ts';
import type { RecordSource } from '../nodes/stored-value.ts';
import { valueForPeople } from './value-json.ts';

/** A call and its inputs, as texts. */
export interface CallText {
  /** The call as its author would write it, such as `hour(data, 3)`. */
  readonly text: string;
  readonly inputs: readonly string[];
}

/** Form of the inputs of a call in text. */
export interface CallTextOptions {
  /** Characters of one literal before it is cut. */
  readonly maxInput?: number;
  /** Characters of all inputs before the others are only counted. */
  readonly maxInputs?: number;
  nameOf(nodeId: NodeId): string | undefined;
}

const MAX_INPUT = 40;
/** Characters of a call that is an input; room for a key of a folder, which tells one file from another. */
const MAX_CALL_INPUT = 60;
const MAX_INPUTS = 200;

/**
 * Returns a call or builtin with its inputs: the name of an input where it has one, else what a literal holds, else
 * the call that it is, or its short id where that is long.
 *
 * @spec DML-REP-0041
 */
export function callText(source: RecordSource, nodeId: NodeId, options: CallTextOptions): CallText {
  return textOf(source, nodeId, { maxInput: MAX_INPUT, maxInputs: MAX_INPUTS, isInput: false, ...options });
}

interface CallTextForm extends Required<CallTextOptions> {
  /** True for a call that is an input itself, whose own inputs are no calls. */
  readonly isInput: boolean;
}

function textOf(source: RecordSource, nodeId: NodeId, options: CallTextForm): CallText {
  const node = source.read('node', nodeId);
  if (!('inputs' in node)) return { text: shortId(nodeId), inputs: [] };
  const inputs: string[] = [];
  let length = 0;
  for (const input of treeEntries('inputs', node.inputs, source)) {
    if (length > options.maxInputs) {
      inputs.push(`… ${treeCount('inputs', node.inputs, source) - inputs.length} more`);
      break;
    }
    const text = options.nameOf(input) ?? inputText(source, input, options);
    length += text.length;
    inputs.push(text);
  }
  const name = nameOfFunction(source, node.functionDatumId);
  return { text: `${name}(${inputs.join(', ')})`, inputs };
}

function inputText(
  source: RecordSource,
  nodeId: NodeId,
  { isInput, maxInput, nameOf }: CallTextForm,
): string {
  const node = source.read('node', nodeId);
  if (node.kind === 'literal') {
    const text = valueText(source, { ...node, nodeId }, maxInput);
    return isInput && text.length > maxInput ? shortId(nodeId) : text;
  }
  if (isInput) return shortId(nodeId);
  if (node.kind === 'import') return node.name;
  const form = { nameOf, maxInput: MAX_INPUT, maxInputs: MAX_INPUTS, isInput: true };
  const { text } = textOf(source, nodeId, form);
  return text.length > MAX_CALL_INPUT ? shortId(nodeId) : text;
}

/** Returns a value on one line; one that is longer than the limit ends with the id of its node. */
export function valueText(
  source: RecordSource,
  { nodeId, datumId }: { readonly nodeId: NodeId; readonly datumId: DatumId },
  limit: number,
): string {
  try {
    return datumText(source, source.read('datum', datumId), limit, ` ${shortId(nodeId)}`);
  } catch (error) {
    const domain = withholdingDomain(error);
    if (domain === undefined) throw error;
    return `withheld by ${domain}`;
  }
}

/** Returns the domain that withholds what could not be read; undefined for any other error. */
export function withholdingDomain(error: unknown): string | undefined {
  if (!isDmlError(error) || error.code !== 'object_withheld') return undefined;
  return String(error.fields.domain);
}

/** Returns a datum on one line; one that is longer than the limit ends with `…` and what is given. */
export function datumText(source: RecordSource, datum: Datum, limit: number, end = ''): string {
  // Blobs of one size are distinguished by their contents.
  if (datum.kind === 'blob')
    return `blob of ${formatSize(datum.sizeBytes)} (${shortId(datum.contentSha256)})`;
  let text = '';
  for (const piece of valueForPeople(source, datum)) {
    text += piece.replace(/\n\s*/g, ' ');
    if (text.length > limit) return `${text.slice(0, limit).toWellFormed()}…${end}`;
  }
  return text;
}

/** Returns the short name of the function that a datum names. */
export function nameOfFunction(source: RecordSource, functionDatumId: DatumId): string {
  const datum = source.read('datum', functionDatumId);
  return functionName(datum.kind === 'uri' ? datum.value : undefined);
}

/** Returns the short name of a function: the export of a captured one, the path of a builtin. */
export function functionName(uri: string | undefined): string {
  if (uri === undefined) return '';
  const name = uri.startsWith('dml://')
    ? uri.slice('dml://'.length)
    : (uri.split('?', 1)[0]?.split('/').at(-1) ?? uri);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
