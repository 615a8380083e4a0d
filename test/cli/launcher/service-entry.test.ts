import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { serviceEntry } from '../../../src/cli/launcher/service-entry.js';

/** A folder with the files that were written at these times, in seconds; tells which of them is run. */
function entryIn(t: Test, files: Readonly<Record<string, number>>): string {
  const folder = pathToFileURL(`${t.testdir()}/`);
  for (const [name, seconds] of Object.entries(files)) {
    const file = new URL(`${name}/cli/serve.js`, folder);
    mkdirSync(new URL('.', file), { recursive: true });
    writeFileSync(file, '');
    utimesSync(file, seconds, seconds);
  }
  return serviceEntry(folder).href.slice(folder.href.length);
}

t.test('a service runs what the build has put together', async (t) => {
  t.equal(entryIn(t, { src: 1, services: 2 }), 'services/cli/serve.js');
});

t.test('a package gives all its files one time, a copy almost', async (t) => {
  t.equal(entryIn(t, { src: 1, services: 1 }), 'services/cli/serve.js');
  t.equal(entryIn(t, { src: 3, services: 1 }), 'services/cli/serve.js');
});

t.test('what was compiled since is run instead', async (t) => {
  t.equal(entryIn(t, { src: 10, services: 1 }), 'src/cli/service/serve.js');
  t.equal(entryIn(t, { src: 1 }), 'src/cli/service/serve.js');
});
