import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { serviceEntry } from '../../../src/cli/launcher/service-entry.js';

const paths = {
  src: 'src/cli/service/serve.js',
  services: 'services/cli/service/serve.js',
} as const;

/** Makes a folder with files of these times, in seconds, and returns the path of the one that runs. */
function entryIn(t: Test, files: { readonly [N in keyof typeof paths]?: number }): string {
  const folder = pathToFileURL(`${t.testdir()}/`);
  for (const [name, path] of Object.entries(paths)) {
    const seconds = files[name as keyof typeof paths];
    if (seconds === undefined) continue;
    const file = new URL(path, folder);
    mkdirSync(new URL('.', file), { recursive: true });
    writeFileSync(file, '');
    utimesSync(file, seconds, seconds);
  }
  return serviceEntry(folder).href.slice(folder.href.length);
}

t.test('a service runs its bundle', async (t) => {
  t.equal(entryIn(t, { src: 1, services: 2 }), 'services/cli/service/serve.js');
});

t.test('a bundle of about the same age as the compiled files is used', async (t) => {
  t.equal(entryIn(t, { src: 1, services: 1 }), 'services/cli/service/serve.js');
  t.equal(entryIn(t, { src: 3, services: 1 }), 'services/cli/service/serve.js');
});

t.test('newer compiled files are used instead of the bundle', async (t) => {
  t.equal(entryIn(t, { src: 10, services: 1 }), 'src/cli/service/serve.js');
  t.equal(entryIn(t, { src: 1 }), 'src/cli/service/serve.js');
});

t.test('the build writes the bundle where the launcher looks for it', async (t) => {
  const built = new URL('../../../', import.meta.url);
  t.ok(existsSync(new URL(paths.services, built)));
});
