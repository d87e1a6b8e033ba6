/**
 * Gate: the public surface of every published package is the one of its checked-in reports.
 *
 * `--update` writes the reports (packages/<name>/etc/<name>[.<subpath>].api.md) instead.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { packagesIn, root as repositoryRoot } from '../tools/run/workspace.mjs';
import { runGate } from './gate.mjs';

export function check(root, args = []) {
  const isUpdate = args.includes('--update');
  const published = packagesIn('packages', root).filter(({ manifest }) => !manifest.private);
  if (published.length === 0) return ['there is no published package'];
  return published.flatMap((member) => packageProblems(root, member, isUpdate));
}

function packageProblems(root, { folder, manifest }, isUpdate) {
  const problems = [];
  for (const [subpath, conditions] of Object.entries(manifest.exports)) {
    // An entry without types is data or a program: it has no surface to report.
    if (conditions.types === undefined) continue;
    const suffix = subpath === '.' ? '' : `.${subpath.slice(2).replaceAll('/', '.')}`;
    const reportName = `${folder.slice('packages/'.length)}${suffix}.api.md`;
    const { types } = conditions;
    const messages = extract({ packageFolder: join(root, folder), types, reportName, isUpdate });
    problems.push(...messages.map((message) => `${folder}/etc/${reportName}: ${message}`));
  }
  return problems;
}

function extract({ packageFolder, types, reportName, isUpdate }) {
  const scratch = mkdtempSync(join(tmpdir(), 'daggerml-api-'));
  if (isUpdate) mkdirSync(join(packageFolder, 'etc'), { recursive: true });
  const messages = [];
  try {
    const extractorConfig = ExtractorConfig.prepare({
      configObjectFullPath: undefined,
      packageJsonFullPath: join(packageFolder, 'package.json'),
      configObject: configOf({ packageFolder, types, reportName, scratch }),
    });
    const result = Extractor.invoke(extractorConfig, {
      localBuild: isUpdate,
      messageCallback: (message) => {
        message.handled = true;
        if (message.logLevel === 'error' || message.logLevel === 'warning') messages.push(message.text);
      },
    });
    if (result.apiReportChanged && !isUpdate) {
      return [
        'the public surface differs; run `node ci/api-reports.mjs --update`, look at the diff and commit it',
      ];
    }
    return result.succeeded ? [] : messages;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function configOf({ packageFolder, types, reportName, scratch }) {
  return {
    projectFolder: packageFolder,
    newlineKind: 'lf',
    mainEntryPointFilePath: join(packageFolder, types),
    compiler: {
      overrideTsconfig: {
        compilerOptions: {
          target: 'es2023',
          module: 'nodenext',
          moduleResolution: 'nodenext',
          strict: true,
          skipLibCheck: true,
          typeRoots: [join(repositoryRoot, 'node_modules/@types')],
          types: ['node'],
        },
        files: [join(packageFolder, types)],
      },
    },
    apiReport: {
      enabled: true,
      reportFileName: reportName,
      reportFolder: join(packageFolder, 'etc'),
      reportTempFolder: scratch,
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      compilerMessageReporting: { default: { logLevel: 'none' } },
      extractorMessageReporting: { default: { logLevel: 'none' } },
      tsdocMessageReporting: { default: { logLevel: 'none' } },
    },
  };
}

await runGate(import.meta.url, 'api-reports', check);
