/**
 * The package of the client for Node as its users get it: packed, put into an empty project, used
 * from an ES module and from CommonJS, and compiled against from both. Starts processes.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const source = join(root, 'clients/node');

interface Manifest {
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as Manifest;

/** An empty project with the package, of whose dependencies it has those of this checkout. */
function project(folder: string): void {
  const modules = join(folder, 'node_modules');
  const installed = join(modules, 'bazar-client');
  mkdirSync(installed, { recursive: true });
  for (const name of ['package.json', ...manifest.files]) {
    cpSync(join(source, name), join(installed, name), { recursive: true });
  }
  for (const name of [...Object.keys(manifest.dependencies), '@types', 'undici-types']) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
}

function node(folder: string, ...args: readonly string[]): string {
  return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }).trim();
}

const use = `
const client = new BazarClient({ addresses: ['127.0.0.1:1'], failFast: true });
client.ping().catch((error) => {
  console.log(error instanceof BazarError, error.code);
  client.close();
});
`;

const typed = `
const client: BazarClient = new BazarClient({ addresses: ['127.0.0.1:8181'], timeoutMs: 5 });
export async function buyOne(signal: AbortSignal): Promise<number | ErrorCode> {
  try {
    const placed: Placed = await client.buy({ name: 'Tux', quantity: 1 }, { signal });
    return placed.order_number;
  } catch (error) {
    if (error instanceof BazarError) return error.code;
    throw error;
  }
}
`;

t.test('it depends on one package, and on none of the server’s', async (t) => {
  t.same(Object.keys(manifest.dependencies), ['msgpackr']);
  const code = readFileSync(join(source, 'dist/index.js'), 'utf8');
  const named = [...code.matchAll(/(?:from|require\() ?"([^"]+)"/g)].map(([, name]) => name);
  t.same(
    named.filter((name) => !name?.startsWith('node:')),
    ['msgpackr'],
  );
  t.same(readdirSync(join(source, 'dist')).sort(), [
    'index.cjs',
    'index.d.cts',
    'index.d.ts',
    'index.js',
  ]);
});

t.test('it works from an ES module and from CommonJS', async (t) => {
  const folder = t.testdir();
  project(folder);
  const names = '{ BazarClient, BazarError }';
  writeFileSync(join(folder, 'use.mjs'), `import ${names} from 'bazar-client';${use}`);
  writeFileSync(join(folder, 'use.cjs'), `const ${names} = require('bazar-client');${use}`);
  t.equal(node(folder, 'use.mjs'), 'true unavailable');
  t.equal(node(folder, 'use.cjs'), 'true unavailable');
});

t.test('it has types for both', async (t) => {
  const folder = t.testdir();
  project(folder);
  const names = 'BazarClient, BazarError, type ErrorCode, type Placed';
  for (const name of ['use.mts', 'use.cts']) {
    writeFileSync(join(folder, name), `import { ${names} } from 'bazar-client';${typed}`);
  }
  const config = {
    compilerOptions: {
      ...{ module: 'nodenext', target: 'es2023', strict: true, noEmit: true, types: ['node'] },
      skipLibCheck: false,
    },
    files: ['use.mts', 'use.cts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  t.equal(node(folder, join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'), '');
});
