// Runs the compiled tests with tap and ends with the line `N passed, N failed[, N skipped]`. Arguments
// are compiled test files; without any, all but those that take long (*.long.test.js), with --long only
// those.
// Not by tap's own runner: it hooks into every process and thread that a test starts, and a store
// then costs several times what it costs by itself.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const dist = join(root, 'dist');
/** Tests lie under test/; the simulator's and the chaos run's lie beside them. */
const folders = ['test', 'sim', 'chaos'].map((name) => join(dist, name));
const together = join(root, 'scripts/import-tests.mjs');
const report = join(root, '.tap/results.tap');
const jobs = 2;
/** What a test may take by itself (tap ends it), and when its process is ended by force. */
const testSeconds = 240;
const longTestSeconds = 900;
const graceSeconds = 60;
const dyingMs = 10_000;
const linesShown = 16;
const linesShownMax = 400;
/**
 * Rooms whose tests start stores, or simulate them, have a process for each file; they take longest
 * and come first. In all others loading costs more than testing: one process runs a whole room.
 */
const apart = ['chaos', 'sim', 'e2e', 'web', 'attack'];

const args = process.argv.slice(2);
const long = args[0] === '--long';
const named = (long ? args.slice(1) : args).map((file) => [resolve(file)]);
const limitSeconds = long ? longTestSeconds : testSeconds;

const running = new Set();
const total = { passed: 0, failed: 0, skipped: 0 };
const reported = [];
const waiting = named.length > 0 ? named : groups();

function testFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
    const path = join(folder, item.name);
    if (item.isDirectory()) return testFiles(path);
    const isChosen = item.name.endsWith('.long.test.js') === long;
    return isChosen && item.name.endsWith('.test.js') && existsSync(sourceOf(path)) ? [path] : [];
  });
}

// A test that was removed may still lie in dist/ from an earlier build.
function sourceOf(path) {
  return path.replace(`${root}dist/`, root).replace(/\.js$/, '.ts');
}

/** Which files share a process, in the order in which they begin: the last ones are short. */
function groups() {
  const rooms = new Map(apart.map((room) => [room, []]));
  for (const file of folders.flatMap(testFiles).sort()) {
    const room = roomName(file);
    rooms.set(room, [...(rooms.get(room) ?? []), file]);
  }
  const isApart = ([room]) => apart.includes(room);
  const alone = [...rooms].filter(isApart).flatMap(([, files]) => files.map((file) => [file]));
  const shared = [...rooms].filter((each) => !isApart(each)).map(([, files]) => files);
  return [...alone, ...shared.sort((one, other) => other.length - one.length)];
}

/** `sim` for dist/sim/…, `catalog` for dist/test/catalog/…. */
function roomName(file) {
  const [top = '', room = ''] = relative(dist, file).split('/');
  return top === 'test' ? room : top;
}

/** Runs some files to their end: what they printed, how that ended, and how long it took. */
function run(files) {
  const beganMs = Date.now();
  const program = files.length > 1 ? [together, roomOf(files), ...files] : files;
  const child = spawn(process.execPath, ['--enable-source-maps', ...program], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TAP_TIMEOUT: `${limitSeconds}` },
  });
  running.add(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  const patience = setTimeout(() => end(child), (limitSeconds + graceSeconds) * 1000);
  return new Promise((done) => {
    child.once('close', (code, signal) => {
      clearTimeout(patience);
      running.delete(child);
      const seconds = (Date.now() - beganMs) / 1000;
      done({ files, text, how: signal ?? `exit code ${code}`, ok: code === 0, seconds });
    });
  });
}

/** SIGTERM lets it take what it started along. */
function end(child) {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), dyingMs).unref();
}

/** tap counts what it asserted in its last lines; without them the file did not come to its end. */
function countsOf(text) {
  const [, summary] = /^# \{ (.*) \}$/m.exec(text.slice(text.lastIndexOf('\n# {'))) ?? [];
  const counts = (summary ?? '').matchAll(/(\w+): (\d+)/g);
  return Object.fromEntries([...counts].map(([, name, count]) => [name, Number(count)]));
}

function failuresIn(text) {
  const lines = text.split('\n');
  const shown = lines.flatMap((line, at) =>
    /^ *not ok/.test(line) ? [...lines.slice(at, at + linesShown), '…'] : [],
  );
  return shown.slice(0, linesShownMax).join('\n');
}

/** Its folder; for files right under dist/test their own path. */
function roomOf([file]) {
  const [top = '', room = ''] = relative(dist, file).split('/');
  return top === 'test' ? join(dist, top, room) : join(dist, top);
}

function nameOf(files) {
  if (files.length === 1) return relative(root, files[0]);
  return `${relative(root, roomOf(files))} (${files.length} files)`;
}

function tell({ files, text, how, ok, seconds }) {
  const { total: all = 0, pass = 0, fail = 0, skip = 0, todo = 0 } = countsOf(text);
  const good = ok && fail === 0 && all > 0;
  total.passed += pass;
  total.failed += good ? 0 : Math.max(fail, 1);
  total.skipped += skip + todo;
  const name = nameOf(files);
  const result = `${good ? 'ok' : 'not ok'} ${reported.length + 1} - ${name} # time=${Math.round(seconds * 1000)}ms`;
  reported.push(`# Subtest: ${name}\n${text.replace(/^(?=.)/gm, '    ')}\n${result}\n`);
  console.log(`${good ? 'ok    ' : 'not ok'} ${seconds.toFixed(1).padStart(6)} s  ${name}`);
  if (!good) console.log(`${failuresIn(text)}\n${name}: ${how}`);
}

async function work() {
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
    tell(await run(file));
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    waiting.length = 0;
    for (const child of running) end(child);
  });
}

await Promise.all(Array.from({ length: jobs }, work));
mkdirSync(dirname(report), { recursive: true });
writeFileSync(report, `TAP version 14\n${reported.join('\n')}\n1..${reported.length}\n`);
const { passed, failed, skipped } = total;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
