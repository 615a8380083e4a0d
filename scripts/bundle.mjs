// Puts a library that comes in hundreds of small files into one file an entry, where every process
// and every thread loads it: finding and reading them took most of the time of a start. The package's
// `imports` name what is made here; types still come from the library itself.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const entries = { typebox: 'typebox', schema: 'typebox/schema' };

await build({
  root: fileURLToPath(new URL('..', import.meta.url)),
  configFile: false,
  logLevel: 'warn',
  ssr: { noExternal: true },
  build: {
    ssr: true,
    target: 'node20',
    minify: false,
    outDir: 'dist/bundled',
    // In place: a thread of a running store may start in this very moment.
    emptyOutDir: false,
    rollupOptions: {
      input: entries,
      preserveEntrySignatures: 'strict',
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
});
