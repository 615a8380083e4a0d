// Runs the compiled tests with tap and ends with the line `N passed, N failed[, N skipped]`.
// Arguments are test files (compiled, under dist/test); without any, all of them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const require = createRequire(import.meta.url);
const tapMain = join(dirname(require.resolve('tap/package.json')), 'dist/esm/run.mjs');
const linesShown = 16;
const linesShownMax = 400;
const report = join(root, '.tap/results.tap');

function testFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
    const path = join(folder, item.name);
    if (item.isDirectory()) return testFiles(path);
    return item.name.endsWith('.test.js') && existsSync(sourceOf(path)) ? [path] : [];
  });
}

// A test that was removed may still lie in dist/ from an earlier build.
function sourceOf(path) {
  return path.replace(`${root}dist/`, root).replace(/\.js$/, '.ts');
}

// The terse reporter is silent where there is no terminal; what failed must be seen in a log.
function failuresIn(report) {
  const lines = report.split('\n');
  const shown = lines.flatMap((line, at) =>
    /^ *not ok/.test(line) ? [...lines.slice(at, at + linesShown), '…'] : [],
  );
  return shown.slice(0, linesShownMax).join('\n');
}

function tap(args) {
  return (
    spawnSync(process.execPath, [tapMain, ...args], { cwd: root, stdio: 'inherit' }).status ?? 1
  );
}

// The plugins chosen in .taprc are compiled into tap once; run before that, it still uses its own.
if (!existsSync(join(root, '.tap/plugins'))) {
  const built = tap(['build']);
  if (built !== 0) process.exit(built);
}

const files = process.argv.length > 2 ? process.argv.slice(2) : testFiles(join(root, 'dist/test'));
mkdirSync(dirname(report), { recursive: true });
rmSync(report, { force: true });
const status = tap(['run', '--reporter=terse', `--output-file=${report}`, ...files.sort()]);

const text = existsSync(report) ? readFileSync(report, 'utf8') : '';
const summary = /^# \{ (.*) \}$/m.exec(text.slice(text.lastIndexOf('\n# {')));
const counts = { total: 0, pass: 0, fail: 0, skip: 0, todo: 0 };
for (const [, name, count] of summary?.[1].matchAll(/(\w+): (\d+)/g) ?? [])
  counts[name] = Number(count);
if (status !== 0) console.log(failuresIn(text));
const failed = counts.fail + (status !== 0 && counts.fail === 0 ? 1 : 0);
const skipped = counts.skip + counts.todo;
console.log(`${counts.pass} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(status !== 0 || counts.pass === 0 ? 1 : 0);
