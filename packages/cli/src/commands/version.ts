import { FORMAT_VERSION } from '@daggerml/object-model';
import { ENGINE_VERSION, SCHEMA_VERSION } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { programVersion } from '../process/program-version.ts';

/** Runs `dml version`. @spec DML-CLI-0814 */
export async function run({ output }: CommandContext): Promise<void> {
  const value = {
    dml: programVersion(),
    format: FORMAT_VERSION,
    schema: SCHEMA_VERSION,
    engine: ENGINE_VERSION,
    node: process.version,
  };
  output.result(value, () => [
    `dml     ${value.dml}`,
    `format  ${value.format}`,
    `schema  ${value.schema}`,
    `engine  ${value.engine}`,
    `node    ${value.node}`,
  ]);
}
