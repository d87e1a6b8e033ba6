import { formatSize, nfcText, type ReferenceId } from '@daggerml/object-model';
import {
  type DomainSigner,
  domainSigner,
  type PublishResult,
  publish,
  readSnapshot,
  remoteError,
} from '@daggerml/remotes';
import { findCommit, findObject, type RecordReader } from '@daggerml/repository';
import { parseRefName } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { assertNotReleased, sharedValues, withholdRules } from '../invocation/withhold-option.ts';
import { absolutePath } from '../process/current-folder.ts';
import { withPlace } from '../process/named-place.ts';
import { readKeyFile } from '../process/read-key-file.ts';
import { transferProgress, withRemote } from '../process/remote-session.ts';
import { untilInterrupted } from '../process/until-interrupted.ts';
import { formatColumns } from '../render/columns.ts';
import type { Output } from '../render/output.ts';
import { formatCount, formatTime } from '../render/quantities.ts';
import { cliError } from '../wording/cli-error.ts';
import { shellWord } from '../wording/wording.ts';

/** Runs `dml publish [commit]`, `dml publish --end <name>` and `dml publish --list`. */
export async function run(context: CommandContext): Promise<void> {
  const { options, args } = context;
  if (options.list === true) return await list(context);
  // @spec DML-CLI-1281
  if (options.sign === undefined)
    throw misuse('a publication is signed: give the key file of your domain with --sign');
  if (options.end === undefined) return await add(context);
  if (args[0] !== undefined) throw misuse('"--end" takes the name of a publication and no commit');
  await end(context);
}

function misuse(problem: string): Error {
  return cliError('invalid_argument', { problem, command: 'publish' });
}

/** Returns the owner of the key file; throws `signing_key_invalid`. */
function signerOf({ io, options }: CommandContext): DomainSigner {
  const path = absolutePath(io, String(options.sign));
  return domainSigner(readKeyFile(path), path);
}

async function add(context: CommandContext): Promise<void> {
  const { output, args, options } = context;
  const isDryRun = options.dryRun === true;
  await withRemote(context, remoteName(context), ({ name: remote, uri, remote: files, memory }) =>
    withStore(context, isDryRun ? 'read' : 'write', async (reader, store) => {
      const signer = signerOf(context);
      const text = args[0] ?? store.head();
      const commitId = findCommit(reader, text);
      const name = options.as === undefined ? nameOf(reader, text) : nfcText(String(options.as));
      const rules = withholdRules(reader, { commitId, text }, listOf(options.withhold));
      const release = options.release === true;
      let valuesAlong: string[] = [];
      const result = await publish(untilInterrupted(context, files), {
        store,
        name,
        commitId,
        references: chosenReferences(context, reader),
        policy: rules.policy,
        signer,
        release,
        onPlan: (plan) => {
          rules.assertMet(plan);
          const along = sharedValues(reader, commitId, rules.dagNames, plan);
          valuesAlong = [...new Set(along.map(({ dagName }) => dagName))];
          if (!release) assertNotReleased(reader, commitId, { plan, name, remote: files.files.name });
        },
        memory,
        remoteName: remote,
        isDryRun,
        onProgress: transferProgress(context, `publishing to ${remote}`),
      });
      output.live();
      const { publication, objects, bytes, withheld, sharedBefore, heldBack } = result;
      const { domain, number } = publication;
      // @spec DML-CLI-1280
      output.result(
        {
          remote,
          uri,
          name,
          commitId,
          domain,
          number,
          objects,
          sentBytes: bytes,
          withheld: withheld.map((each) => ({ ...each })),
          notSent: heldBack,
          sharedBefore: sharedBefore.map((each) => ({ ...each })),
          dryRun: isDryRun,
        },
        () => [
          `${isDryRun ? 'would publish' : 'published'} ${output.shortId(commitId)} as ${output.style('bold', output.safe(name))}, number ${number}`,
          `domain ${domain}`,
          `${formatCount(objects, 'object')}, ${formatSize(bytes)}`,
          ...withheldLines(output, { result, dagNames: rules.dagNames, isDryRun }),
        ],
      );
      // @spec DML-CLI-3833
      for (const dag of valuesAlong.slice(0, MAX_NAMED))
        output.note(
          `the value of "${output.safe(dag)}" goes along, since a call of a dag that is not withheld took it; --withhold ${output.safe(shellWord(`value:${dag}`))} withholds it too`,
        );
      // @spec DML-REM-1318
      if (sharedBefore.length > 0)
        output.note(
          `${formatCount(sharedBefore.length, 'object')} to be withheld went with an earlier publication, and others may have them`,
        );
    }),
  );
}

interface Withheld {
  readonly result: PublishResult;
  readonly dagNames: ReadonlySet<string>;
  readonly isDryRun: boolean;
}

/** Names of dags that are printed. */
const MAX_NAMED = 10;

/** Returns the line that says what was not sent. @spec DML-CLI-3822 */
function withheldLines(output: Output, { result, dagNames, isDryRun }: Withheld): string[] {
  const { withheld, heldBack } = result;
  if (withheld.length === 0) return [];
  const names = [...dagNames].slice(0, MAX_NAMED).map((name) => output.safe(name));
  const others = dagNames.size - names.length;
  const values = withheld.filter((object) => object.class === 'datum').length;
  const parts = [
    ...(names.length === 0 ? [] : [`${names.length === 1 ? 'dag' : 'dags'} ${names.join(', ')}`]),
    ...(others === 0 ? [] : [formatCount(others, 'more dag')]),
    ...(values === 0 ? [] : [formatCount(values, 'value')]),
  ];
  return [
    `${isDryRun ? 'would withhold' : 'withheld'} ${parts.join(', ') || 'objects'}: ${formatCount(heldBack, 'object')} not sent`,
  ];
}

function remoteName({ options }: CommandContext): string | undefined {
  return options.remote === undefined ? undefined : String(options.remote);
}

function listOf(option: unknown): readonly string[] {
  return Array.isArray(option) ? option.map(String) : [];
}

/** Returns the name of a branch or tag. */
function nameOf(reader: RecordReader, text: string): string {
  const { ref } = findObject(reader, text);
  const parts = ref && parseRefName(ref.name);
  if (parts?.kind === 'heads' || parts?.kind === 'tags') return parts.name;
  throw misuse(`"${text}" has no name of its own: give one with --as`);
}

/** Returns the references that are published along with a commit. @spec DML-CLI-1293 */
function chosenReferences({ options }: CommandContext, reader: RecordReader): Map<string, ReferenceId> {
  const all = reader.store.readReferences();
  return new Map(
    listOf(options.reference).map((text) => {
      const found = all.find(({ name }) => name === nfcText(text));
      if (found === undefined)
        throw remoteError('reference_unknown', {
          name: text,
          names: all.map(({ name }) => name).join(', ') || 'none',
        });
      return [found.name, found.referenceId];
    }),
  );
}

async function end(context: CommandContext): Promise<void> {
  const { output, options } = context;
  const name = nfcText(String(options.end));
  await withRemote(context, remoteName(context), ({ name: remote, uri, remote: files, memory }) =>
    withStore(context, 'read', async (_reader, store) => {
      const signer = signerOf(context);
      const { publication } = await publish(untilInterrupted(context, files), {
        store,
        name,
        commitId: null,
        signer,
        memory,
        remoteName: remote,
      });
      const { domain, number } = publication;
      // @spec DML-CLI-1292
      output.result(
        { remote, uri, name, commitId: null, domain, number },
        () => `nothing follows ${output.safe(name)} any more; what was published stays there`,
      );
    }),
  );
}

async function list(context: CommandContext): Promise<void> {
  const { output, args } = context;
  await withPlace(context, remoteName(context) ?? args[0], async ({ files }) => {
    const { version, state } = await readSnapshot(files);
    const { published = {} } = state;
    // @spec DML-CLI-1282
    const all = Object.entries(published).map(([name, { commit, domain, number, references, timeMs }]) => ({
      name,
      commitId: commit,
      domain,
      number,
      references: Object.entries(references).map(([reference, referenceId]) => ({ reference, referenceId })),
      timeMs,
    }));
    output.result(all, () =>
      formatColumns(
        all.map(({ name, commitId, domain, number, timeMs }) => [
          output.style('bold', output.safe(name)),
          commitId === null ? 'ended' : output.shortId(commitId),
          String(number),
          formatTime(timeMs),
          output.safe(domain),
        ]),
      ),
    );
    if (all.length === 0)
      output.note(
        version === null ? `there is no remote in ${files.name} yet` : 'nothing is published there',
      );
  });
}
