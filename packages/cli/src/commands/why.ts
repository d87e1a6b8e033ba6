import { explainCall, explainDag, findCall } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { callExplanationView, dagExplanationView } from '../render/call-explanation.ts';

/** Calls of a dag that are explained without `--all`. */
const MAX_CALLS = 20;

/** Runs `dml why <call>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options, io } = context;
  await withStore(context, 'read', (reader) => {
    const found = findCall(reader, args[0] as string);
    const facts = { output, nowMs: io.nowMs() };
    const limit = options.all === true ? Number.POSITIVE_INFINITY : MAX_CALLS;
    const { value, lines } =
      'nodeId' in found
        ? callExplanationView(reader, explainCall(reader, found), facts)
        : dagExplanationView(reader, explainDag(reader, { ...found, limit }), facts);
    output.result(value, () => lines().join('\n'));
  });
}
