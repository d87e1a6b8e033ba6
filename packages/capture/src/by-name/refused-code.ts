import { captureError } from '../errors.ts';
import { misnamedCommonJs } from '../misnamed-commonjs.ts';
import type { OutsideUse } from './outside-uses.ts';
import { reachedUses } from './outside-uses.ts';
import { positionIn, type ReachedModule } from './own-modules.ts';

/**
 * Refuses code of the author that asks where it is, and code that runs what its text does not hold. Throws
 * `capture_failed`.
 */
export function refuseCode(module: ReachedModule): void {
  const refuse = (offset: number, reason: string): never => {
    throw captureError('capture_failed', { ...positionIn(module.outline, offset), reason });
  };
  const misnamed = misnamedCommonJs(module.outline);
  // @spec DML-EXE-0536
  if (misnamed) throw captureError('capture_failed', { ...misnamed });
  for (const use of reachedUses(module)) {
    const place = askedPlace(use);
    // @spec DML-EXE-0525
    if (place !== undefined)
      refuse(
        use.offset,
        `${place} is not known in a captured function; give a file as an input (dag.file) or its path as an argument`,
      );
    const hidden = hiddenCode(use);
    // @spec DML-CAP-0001
    if (hidden !== undefined)
      refuse(
        use.offset,
        `${hidden} runs code that cannot be captured; import what the function needs by a fixed name`,
      );
  }
  for (const item of module.outline.items) {
    if (!module.isReached(item.start)) continue;
    const computed = item.loads.find(({ specifier }) => specifier === undefined);
    // @spec DML-CAP-0002
    if (computed)
      refuse(
        computed.start,
        `${computed.kind === 'require-call' ? 'require' : 'import'}() of a computed name cannot be captured; name the module by a fixed text`,
      );
  }
}

function askedPlace({ path, module }: OutsideUse): string | undefined {
  const whole = module === 'process' ? `process.${path}` : path;
  if (whole === 'process.cwd') return whole;
  if (module !== undefined) return undefined;
  if (path.startsWith('import.meta')) return path.split('.').slice(0, 3).join('.');
  return PLACE.test(path) ? path : undefined;
}

const PLACE = /^(__dirname|__filename|require\.resolve\b.*|module\.(filename|id|path|paths|parent))$/;

/** Returns what runs code that no capture sees, as it is written. */
function hiddenCode({ path, module, isCalled, isTypeof }: OutsideUse): string | undefined {
  if (isTypeof) return undefined;
  if (module === 'vm') return 'node:vm';
  if (module === 'module') return RUNS_NOTHING.test(path) ? undefined : path || 'node:module';
  if (module === 'worker_threads') return path === 'Worker' || path === '' ? 'Worker' : undefined;
  if (module === 'child_process') return path === 'fork' ? 'fork' : undefined;
  const whole = module === 'process' ? `process.${path}` : path;
  if (HIDING.test(whole)) return whole;
  if (module !== undefined) return undefined;
  if (path === 'eval' || (path === 'Function' && isCalled)) return path;
  // Calls of `require` itself are imports.
  if (path === 'require' && !isCalled) return path;
  return /^require\.(?!main\b)|^module\.(?!exports\b)/.test(path) ? path : undefined;
}

/** Names of `node:module` that load no code. */
const RUNS_NOTHING =
  /^(Module\.)?(builtinModules|isBuiltin|SourceMap|findSourceMap|findPackageJSON|stripTypeScriptTypes)\b/;

const HIDING = /^process\.(getBuiltinModule|dlopen|binding|_linkedBinding|mainModule)\b/;
