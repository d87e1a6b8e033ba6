import { planCanonicalNames } from './canonical-names.ts';
import { type CodeText, isOwnSource } from './code-text.ts';
import { planModulePaths } from './commonjs-modules.ts';
import { planKeptNames, planPlainNames } from './kept-names.ts';
import { observedNames, textReaders } from './name-observers.ts';
import { planComments } from './syntax-tree.ts';
import { cutOut } from './text-edits.ts';
import { planUnusedCode } from './unused-code.ts';

/** The form whose bytes are the function's identity: as much of its names as its code can find out, no more. */
export function identityForm(short: CodeText, inPlain: () => CodeText): CodeText {
  const readers = textReaders(short);
  if (readers.some((node) => isOwn(short, node.start))) {
    // @spec DML-EXE-0521
    const code = inPlain();
    const { edits } = planPlainNames(code.program, code.scopes);
    const cuts = edits.map((edit) => (edit.text === '' ? cutOut(code.text, edit) : edit));
    return code.edited([...cuts, ...planComments(code.text), ...planModulePaths(code.program)]);
  }
  const observed = observedNames(short, (offset) => short.positionOf(offset) !== undefined);
  const { edits, kept } = planKeptNames(short.program, short.scopes, observed);
  const named = short.edited(edits);
  return canonical(kept > 0 ? named : named.edited(planUnusedCode(named)));
}

/** Without what only other exports need; what goes may have been the only user of something else. */
export function needed(code: CodeText): CodeText {
  const edits = planUnusedCode(code);
  return edits.length === 0 ? code : needed(code.edited(edits));
}

function canonical(code: CodeText): CodeText {
  return code.edited(planCanonicalNames(code.text, code.program));
}

function isOwn(code: CodeText, offset: number): boolean {
  const position = code.positionOf(offset);
  return position !== undefined && isOwnSource(position);
}
