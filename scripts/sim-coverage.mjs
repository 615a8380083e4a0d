// Prints which branches of the replicated parts the simulator's seeds reach: a table by file, then each
// branch that no seed reaches, with the reason from sim/unreached.json. V8 counts, c8 maps the
// counts to the sources.
//
//   npm run sim:coverage                       2000 seeds, and 20 of each aim
//   npm run sim:coverage -- --seeds 200 --aimed 2 --first 5000
//   npm run sim:coverage -- --write            also writes docs/SIMULATION-COVERAGE.md
//
// (`npm run build` first.) Exits with 1 where a branch has no reason.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { Report } from 'c8';

const root = new URL('..', import.meta.url).pathname;
const page = join(root, 'docs/SIMULATION-COVERAGE.md');
const jobs = 2;
/** One process runs so many seeds: V8 reports when it ends. */
const seedsEach = 250;
const textMax = 90;

/** The replicated log, its storage, and the cache protocol on both sides. */
const include = [
  'src/consensus/*.ts',
  'src/group/*.ts',
  'src/storage/*.ts',
  'src/catalog/coherence/*.ts',
  'src/catalog/machine/lease-holders.ts',
  'src/frontend/cache/{cache-session,invalidation-versions,product-cache}.ts',
  'src/frontend/detector/{elector,watch}.ts',
  'src/frontend/requests/lookups.ts',
];

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    first: { type: 'string', default: '1' },
    aimed: { type: 'string', default: '20' },
    write: { type: 'boolean', default: false },
    // This program again, for so many seeds of an aim.
    run: { type: 'string' },
    aim: { type: 'string' },
  },
});

/** What the processes leave for the report. */
let folder = '';
if (values.run === undefined) await main();
else await simulateSeeds(Number(values.run));

async function main() {
  folder = mkdtempSync(join(tmpdir(), 'bazar-coverage-'));
  try {
    await runSeeds();
    const files = unreachedIn(await coverage());
    const text = lines(files).join('\n');
    process.stdout.write(`${text}\n`);
    if (values.write) writeFileSync(page, `${preface()}\n${text}\n`);
    process.exitCode = files.some(({ gaps }) => gaps.some(({ reason }) => !reason)) ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs seeds without an aim, and some of each aim, in a few processes at once. */
async function runSeeds() {
  const { aims } = await import(join(root, 'dist/sim/aims.js'));
  const [first, seeds, aimed] = [values.first, values.seeds, values.aimed].map(Number);
  const runs = [];
  for (let from = first; from < first + seeds; from += seedsEach) {
    runs.push(['--first', `${from}`, '--run', `${Math.min(seedsEach, first + seeds - from)}`]);
  }
  if (aimed > 0) for (const aim of aims) runs.push(['--aim', aim, '--run', `${aimed}`]);
  const work = async () => {
    for (let run = runs.shift(); run; run = runs.shift()) await runApart(run);
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

/** This program again, under V8's coverage. */
function runApart(args) {
  process.stderr.write(`${args.join(' ')}\n`);
  const child = spawn(process.execPath, [import.meta.filename, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_V8_COVERAGE: folder },
  });
  return new Promise((resolve) => child.once('exit', resolve));
}

/** Reports a seed that breaks an invariant and continues with the others. */
async function simulateSeeds(count) {
  const { simulate } = await import(join(root, 'dist/sim/simulation.js'));
  const first = Number(values.first);
  for (let seed = first; seed < first + count; seed++) {
    const { problems } = await simulate({ seed, aim: values.aim });
    if (problems.length > 0) process.stderr.write(`seed ${seed}: ${problems[0]}\n`);
  }
}

/** What c8 makes of it, in Istanbul's form. */
function coverage() {
  const report = new Report({
    ...{ tempDirectory: folder, reportsDirectory: folder, reporter: [], src: [root], resolve: '' },
    // The compiled files are loaded: which ones count is decided when they are mapped to sources.
    ...{ include, exclude: [], extension: ['.ts'], excludeAfterRemap: true },
  });
  return report.getCoverageMapFromAllCoverageFiles();
}

/** By file: counts, and the functions and branches that nothing reached, each with its reason. */
function unreachedIn(map) {
  const reasons = readReasons();
  return map
    .files()
    .sort()
    .map((path) => {
      const { fnMap, f, branchMap, b, s } = map.fileCoverageFor(path).toJSON();
      const text = readFileSync(path, 'utf8').split('\n');
      const functions = Object.keys(fnMap).map((at) => ({ ...fnMap[at], count: f[at] }));
      const branches = Object.keys(branchMap).map((at) => ({ ...branchMap[at], count: b[at][0] }));
      const missed = [...functions, ...branches].filter(({ count }) => count === 0);
      const file = relative(root, path);
      const gaps = outermost(missed).map(({ loc }) => {
        const code = codeAt(text, loc.start);
        return { line: loc.start.line, last: loc.end.line, code, reason: reasonOf(file, code) };
      });
      const reached = (all) => `${all.filter(({ count }) => count > 0).length} of ${all.length}`;
      const lineCounts = Object.values(s);
      return {
        ...{ file, gaps, branches: reached(branches), functions: reached(functions) },
        lines: `${Math.floor((100 * lineCounts.filter((count) => count > 0).length) / lineCounts.length)} %`,
      };
    });

  function reasonOf(file, code) {
    const found = reasons.find((one) => {
      return file.startsWith(one.file) && (one.code ?? []).some((part) => code.includes(part));
    });
    return (found ?? reasons.find((one) => file === one.file && !one.code))?.reason;
  }
}

/** Without gaps inside other gaps: an uncalled function is one gap. */
function outermost(missed) {
  const begins = ({ loc }) => loc.start.line * 1_000 + loc.start.column;
  const ends = ({ loc }) => loc.end.line * 1_000 + loc.end.column;
  const sorted = [...missed].sort((a, b) => begins(a) - begins(b) || ends(b) - ends(a));
  const found = [];
  for (const one of sorted) {
    const last = found.at(-1);
    if (!last || ends(one) > ends(last)) found.push(one);
  }
  return found;
}

/** The line on which it begins; where that is only the end of a condition, the next one too. */
function codeAt(text, { line, column }) {
  const first = text[line - 1] ?? '';
  const isEnd = first.slice(column).trim().length < 4;
  const code = `${first.trim()} ${isEnd ? (text[line] ?? '').trim() : ''}`.trim();
  return code.length > textMax ? `${code.slice(0, textMax)}…` : code;
}

function lines(files) {
  const open = files.filter(({ gaps }) => gaps.length > 0);
  return [
    '| file | lines | functions | branches |',
    '| --- | ---: | ---: | ---: |',
    ...files.map((one) => `| ${one.file} | ${one.lines} | ${one.functions} | ${one.branches} |`),
    '',
    'Files that no seed loads:',
    '',
    ...unloaded(files.map(({ file }) => file)),
    '',
    '## Unreached branches',
    ...open.flatMap(({ file, gaps }) => ['', `### ${file}`, '', ...gapLines(gaps)]),
  ];
}

/** These belong to the processes around the simulated classes: sockets, files, threads. */
function unloaded(loaded) {
  const reasons = readReasons();
  const rooms = ['src/consensus', 'src/group', 'src/storage'];
  const all = rooms.flatMap((room) =>
    readdirSync(join(root, room))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${room}/${name}`),
  );
  // A file of types alone is nothing that could be loaded.
  const isCode = (file) =>
    /^export (const|function|async|class)/m.test(readFileSync(join(root, file), 'utf8'));
  return all
    .filter((file) => !loaded.includes(file) && isCode(file))
    .map(
      (file) =>
        `- ${file}: ${reasons.find((one) => one.file === file)?.reason ?? '**no reason is known**'}`,
    );
}

function readReasons() {
  return JSON.parse(readFileSync(join(root, 'sim/unreached.json'), 'utf8'));
}

/** One line for each reason, with all places that it stands for. */
function gapLines(gaps) {
  return [...grouped(gaps)].flatMap(([reason, some]) => [
    `- ${reason ?? '**No reason is known.**'}`,
    ...some.map(({ line, code }) => `  - ${line}: \`${code.replaceAll('`', "'")}\``),
  ]);
}

function grouped(gaps) {
  const byReason = new Map();
  for (const gap of gaps) byReason.set(gap.reason, [...(byReason.get(gap.reason) ?? []), gap]);
  return byReason;
}

function preface() {
  const { seeds, aimed } = values;
  return `# Simulation coverage

The branches of the replicated code that ${seeds} seeds and ${aimed} of each aim reach. \`npm run sim:coverage -- --write\` generates this page. \`sim/unreached.json\` holds the reasons. A branch is a block of code as V8 counts it.
`;
}
