// Makes the package of the Node client (clients/node/dist) of what `tsc` has compiled: one file as an
// ES module, one as CommonJS, and the types beside each. Everything but msgpackr is put in, so that
// the client's package installs none of the server's packages.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const outDir = join(root, 'clients/node/dist');
const entry = join(root, 'dist/src/client/bazar-client.js');

await build({
  root,
  configFile: false,
  logLevel: 'warn',
  ssr: { noExternal: true, external: ['msgpackr'] },
  build: {
    ssr: true,
    target: 'node20',
    minify: false,
    outDir,
    emptyOutDir: true,
    rollupOptions: {
      input: { index: entry },
      // No module of the client does anything when it is loaded.
      treeshake: { moduleSideEffects: false },
      preserveEntrySignatures: 'strict',
      output: [
        { format: 'es', entryFileNames: '[name].js' },
        { format: 'cjs', entryFileNames: '[name].cjs' },
      ],
    },
  },
});
for (const name of ['index.d.ts', 'index.d.cts']) {
  copyFileSync(join(root, 'clients/node/index.d.ts'), join(outDir, name));
}
