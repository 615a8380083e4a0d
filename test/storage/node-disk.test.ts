import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createNodeDisk } from '../../src/storage/node-disk.js';
import { openJournal } from '../../src/storage/open-journal.js';
import { contents, entry, small } from './builders.js';

const disk = createNodeDisk();
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

t.test(
  'a preallocated file has its head, zeros and its size, and leaves no temporary file',
  async (t) => {
    const folder = t.testdir();
    const file = await disk.preallocate(join(folder, 'x'), 3_000_000, bytesOf('head'));
    t.equal(await file.size(), 3_000_000);
    t.equal(textOf(await file.read(0, 4)), 'head');
    t.ok((await file.read(4, 2_999_996)).every((byte) => byte === 0));
    t.strictSame(readdirSync(folder), ['x']);
    await file.close();
  },
);

t.test(
  'what is written is read, also through another handle, up to the end of the file',
  async (t) => {
    const path = join(t.testdir(), 'x');
    const file = await disk.preallocate(path, 16);
    await file.writeDurably(4, bytesOf('abcd'));
    const reader = await disk.open(path, 'read');
    t.equal(textOf(await reader.read(4, 4)), 'abcd');
    t.equal((await reader.read(12, 100)).length, 4);
    t.equal((await reader.read(16, 1)).length, 0);
    await t.rejects(reader.writeDurably(0, bytesOf('x')));
    await Promise.all([file.close(), reader.close()]);
    await t.rejects(disk.open(join(t.testdir(), 'none'), 'write'), { code: 'ENOENT' });
  },
);

t.test('a file is closed once, after operations under way, and not used again', async (t) => {
  const file = await disk.preallocate(join(t.testdir(), 'x'), 1_000_000);
  const reads = [1, 2, 3].map(() => file.read(0, 1_000_000));
  await Promise.all([file.close(), file.close()]);
  for (const read of reads) t.equal((await read).length, 1_000_000);
  await t.rejects(file.read(0, 1), /closed/);
});

t.test(
  'a file is replaced completely; a failure leaves the old one and no temporary file',
  async (t) => {
    const folder = t.testdir({ sub: {} });
    const path = join(folder, 'state.json');
    await disk.replace(path, bytesOf('one'));
    await disk.replace(path, bytesOf('two'));
    t.equal(textOf(await disk.readFile(path)), 'two');
    await t.rejects(disk.replace(join(folder, 'sub'), bytesOf('x')));
    t.strictSame(readdirSync(folder).sort(), ['state.json', 'sub']);
  },
);

t.test(
  'a draft gets its name when it is finished, and is removed when it is discarded',
  async (t) => {
    const folder = t.testdir();
    const path = join(folder, 'long');
    const draft = await disk.draft(path);
    for (const text of ['one ', 'two ', 'three']) await draft.write(bytesOf(text));
    t.equal(await disk.readFile(path), undefined);
    t.match(readdirSync(folder), [/^long\..*\.tmp$/]);
    await draft.finish(path);
    t.equal(textOf(await disk.readFile(path)), 'one two three');
    t.strictSame(readdirSync(folder), ['long']);
    const other = await disk.draft(join(folder, 'other'));
    await other.write(bytesOf('x'));
    await other.discard();
    t.strictSame(readdirSync(folder), ['long']);
  },
);

t.test('a refusal names the file and the reason in one sentence', async (t) => {
  const none = join(t.testdir(), 'none', 'x');
  const reason = 'no such file or directory (ENOENT)';
  await t.rejects(disk.open(none, 'read'), { message: `cannot open ${none}: ${reason}` });
  await t.rejects(disk.replace(none, bytesOf('x')), {
    message: /^cannot open .*x\..*tmp: no such/,
  });
  const full = '/dev/full';
  if (!existsSync(full)) return;
  const file = await disk.open(full, 'write');
  await t.rejects(file.writeDurably(0, bytesOf('x')), {
    name: 'DiskError',
    code: 'ENOSPC',
    message: `cannot write ${full}: no space left on device (ENOSPC)`,
  });
  await file.close();
});

t.test('create writes a file only if there is none', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'cluster.json');
  const answers = await Promise.all(
    ['a', 'b', 'c'].map((text) => disk.create(path, bytesOf(text))),
  );
  t.equal(answers.filter((created) => created).length, 1);
  const winner = ['a', 'b', 'c'][answers.indexOf(true)];
  t.equal(textOf(await disk.readFile(path)), winner);
  t.strictSame(readdirSync(folder), ['cluster.json']);
});

t.test('folders are made with their parents, files are listed and removed', async (t) => {
  const folder = join(t.testdir(), 'a', 'b');
  t.strictSame(await disk.list(folder), []);
  await disk.makeFolder(folder);
  await disk.makeFolder(folder);
  mkdirSync(join(folder, 'inner'));
  for (const name of ['z', 'y']) writeFileSync(join(folder, name), '');
  t.strictSame(await disk.list(folder), ['y', 'z']);
  await disk.remove(join(folder, 'z'));
  await disk.remove(join(folder, 'z'));
  t.notOk(existsSync(join(folder, 'z')));
  t.equal(await disk.readFile(join(folder, 'z')), undefined);
});

t.test('a journal works on the real disk', async (t) => {
  const folder = join(t.testdir(), 'journal');
  const first = await openJournal(disk, folder, small);
  const durable = new Promise<number>((resolve) => first.onDurable(resolve));
  first.append([entry(1), entry(2)]);
  t.equal(await durable, 2);
  await first.close();
  const second = await openJournal(disk, folder, small);
  t.strictSame(await contents(second), ['1:command 1', '2:command 2']);
  await second.close();
});
