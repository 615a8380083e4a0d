// Puts what every process and every thread of a store loads into few files, for finding and reading
// hundreds of small ones took half of a start. After `tsc`, from what that has made:
//   dist/bundled/    a library that comes in hundreds of files, one an entry (`imports` of package.json)
//   dist/services/   what the services run, threads and jobs too, with all libraries but those named below
// The files are overwritten in place: a thread of a running store may start in this very moment.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiled = join(root, 'dist/src');
const servicesFolder = join(root, 'dist/services');
/** They load files of their own by their place: a thread's code, a native part. */
const leftAlone = ['piscina', 'msgpackr'];

await bundle('dist/bundled', { typebox: 'typebox', schema: 'typebox/schema' }, '[name].js', {});
const libraries = new Set();
await bundle('dist/services', services(), 'parts/[name].js', {
  external: leftAlone,
  plugins: [ownPlaces(), noteLibraries(libraries)],
});
writeFileSync(
  join(servicesFolder, 'LICENSES.txt'),
  [...libraries].sort().map(licenseOf).join('\n'),
);

/** What an earlier build has left there, and this one has not made, goes. */
async function bundle(outDir, input, chunkFileNames, { external, plugins }) {
  const { output } = await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins,
    ssr: { noExternal: true, external },
    build: {
      ssr: true,
      target: 'node20',
      minify: false,
      outDir,
      emptyOutDir: false,
      rollupOptions: {
        input,
        preserveEntrySignatures: 'strict',
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames },
      },
    },
  });
  const made = new Set(output.map(({ fileName }) => join(root, outDir, fileName)));
  for (const file of filesIn(join(root, outDir))) if (!made.has(file)) rmSync(file);
}

function filesIn(folder) {
  const items = readdirSync(folder, { withFileTypes: true, recursive: true });
  return items
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath ?? item.path, item.name));
}

/** The launcher's entry, and what a service names by its place: the code of its threads and jobs. */
function services() {
  const entries = [join(compiled, 'cli/service/serve.js')];
  for (const file of filesIn(compiled)) {
    if (!file.endsWith('.js') || file.startsWith(join(compiled, 'cli'))) continue;
    for (const [, named] of readFileSync(file, 'utf8').matchAll(
      /new URL\('(\.[^']*\.js)', import\.meta\.url\)/g,
    )) {
      entries.push(join(dirname(file), named));
    }
  }
  return Object.fromEntries(entries.map((file) => [relative(compiled, file).slice(0, -3), file]));
}

/** A module names others by its own path, whichever file of the bundle its code is in. */
function ownPlaces() {
  const toRoot = '__FROM_CHUNK_TO_ROOT__';
  return {
    name: 'own-places',
    renderChunk(code, { fileName }) {
      const depth = fileName.split('/').length - 1;
      return { code: code.replaceAll(toRoot, '../'.repeat(depth) || './'), map: null };
    },
    transform(code, id) {
      if (!id.startsWith(compiled) || !code.includes('import.meta.url')) return undefined;
      const place = `new URL('${toRoot}${relative(compiled, id)}', import.meta.url).href`;
      return { code: code.replaceAll('import.meta.url', place), map: null };
    },
  };
}

function noteLibraries(found) {
  return {
    name: 'note-libraries',
    moduleParsed({ id }) {
      const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0];
      if (folder) found.add(folder);
    },
  };
}

/** The license of a library; these files must be distributed with it. */
function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((item) => /^licen[cs]e/i.test(item));
  const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8');
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}
