// Mutation testing: makes one small random change at a time in the compiled replication core, storage
// and catalog, and runs the room's tests and some simulator seeds. Lists the changes that neither
// notices. Works on a copy of dist/; a run that does not end counts as noticed.
//
//   npm run mutate                            40 changes by seed 1
//   npm run mutate -- --seed 7 --count 10 --room storage --seeds 100 --jobs 2
//   npm run mutate -- --only 'src/consensus/log.ts:41'     the changes of one line
//
// (`npm run build` first.) scripts/equivalent-mutants.json holds the changes that change nothing that
// can be noticed, with the reason. Exits with 1 where another one survives.
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'acorn';
import { ancestor } from 'acorn-walk';

const root = new URL('..', import.meta.url).pathname;
const rooms = ['consensus', 'storage', 'catalog'];
/** A run that takes so many times what it takes unchanged does not end. */
const patience = 5;
const leastSeconds = 60;
const codeMax = 70;
const swapped = { '<': '<=', '<=': '<', '>': '>=', '>=': '>', '===': '!==', '!==': '===' };
const shifted = { '+': '-', '-': '+' };

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '40' },
    room: { type: 'string' },
    seeds: { type: 'string', default: '40' },
    aimed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    only: { type: 'string' },
    // This program again, over the copy, for the simulator's part.
    simulate: { type: 'string' },
  },
});

if (values.simulate === undefined) await main();
else await simulateSeeds(values.simulate);

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'bazar-mutate-'));
  try {
    const chosen = choose(candidates());
    const limits = await baseline(copy(folder, 0), new Set(chosen.map(({ room }) => room)));
    const survivors = [];
    const waiting = [...chosen];
    const work = async (at) => {
      const place = at === 0 ? join(folder, '0') : copy(folder, at);
      for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
        const noticed = await tryOut(place, mutant, limits);
        process.stdout.write(`${noticed.padEnd(10)} ${describe(mutant)}\n`);
        if (noticed === 'survives') survivors.push(mutant);
      }
    };
    await Promise.all(Array.from({ length: Number(values.jobs) }, (_, at) => work(at)));
    process.exitCode = report(chosen.length, survivors);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All changes that could be made, in order of files and places. */
function candidates() {
  const chosenRooms = rooms.filter((room) => (values.room ?? room) === room);
  return chosenRooms.flatMap((room) => {
    const files = readdirSync(join(root, 'dist/src', room), { recursive: true }).filter((name) =>
      name.endsWith('.js'),
    );
    return files.sort().flatMap((name) => candidatesIn(room, `dist/src/${room}/${name}`));
  });
}

function candidatesIn(room, path) {
  const text = readFileSync(join(root, path), 'utf8');
  const map = new SourceMap(JSON.parse(readFileSync(join(root, `${path}.map`), 'utf8')));
  const tree = parse(text, { ecmaVersion: 'latest', sourceType: 'module', locations: true });
  const found = [];
  const add = (node, replacement, change) => {
    const { line, column } = node.loc.start;
    const origin = map.findEntry(line - 1, column);
    const file = path.replace(/^dist\//, '').replace(/\.js$/, '.ts');
    const code = text.slice(node.start, node.end).replace(/\s+/g, ' ');
    found.push({
      ...{ room, path, change, code, replacement, start: node.start, end: node.end },
      place: `${file}:${origin.originalLine + 1}`,
    });
  };
  const of = (node) => text.slice(node.start, node.end);
  const visit = (node, _state, above) => {
    // What an assertion says is no behaviour.
    if (above.some((one) => one.type === 'CallExpression' && /^assert\b/.test(of(one)))) return;
    for (const [replacement, change] of changesOf(node, of)) add(node, replacement, change);
  };
  const kinds = ['LogicalExpression', 'BinaryExpression', 'IfStatement', 'ConditionalExpression'];
  ancestor(tree, Object.fromEntries(kinds.map((kind) => [kind, visit])));
  return found.sort((a, b) => a.start - b.start);
}

/** The small changes of one expression: what it becomes, and what that is called. */
function changesOf(node, of) {
  switch (node.type) {
    case 'LogicalExpression':
      if (node.operator === '??') return [];
      return [
        [of(node.left), `drop the right side of ${node.operator}`],
        [of(node.right), `drop the left side of ${node.operator}`],
      ];
    case 'BinaryExpression': {
      const { left, right, operator } = node;
      const other = swapped[operator];
      if (other) return [[`(${of(left)} ${other} ${of(right)})`, `${operator} becomes ${other}`]];
      if (!shifted[operator] || right.value !== 1) return [];
      return [
        [`(${of(left)})`, `${operator} 1 is dropped`],
        [`(${of(left)} ${shifted[operator]} 1)`, `${operator} 1 becomes ${shifted[operator]} 1`],
      ];
    }
    case 'IfStatement': {
      const rest = of(node).slice(node.test.end - node.start);
      return [[`if (!(${of(node.test)})${rest}`, 'the condition is negated']];
    }
    default: {
      const { test, consequent, alternate } = node;
      return [[`(${of(test)} ? ${of(alternate)} : ${of(consequent)})`, 'the choices are swapped']];
    }
  }
}

function choose(all) {
  if (values.only !== undefined) return all.filter(({ place }) => place === values.only);
  const random = seeded(Number(values.seed));
  const left = [...all];
  const count = Math.min(Number(values.count), left.length);
  return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)[0]);
}

/** mulberry32. */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A tree with a dist/ of its own; all else is the project's. */
function copy(folder, at) {
  const place = join(folder, `${at}`);
  mkdirSync(place);
  for (const name of readdirSync(root)) {
    if (name === 'dist') cpSync(join(root, name), join(place, name), { recursive: true });
    else if (!name.startsWith('.')) symlinkSync(join(root, name), join(place, name));
  }
  return place;
}

/** How long the parts take unchanged; they must pass. */
async function baseline(place, rooms) {
  const limits = new Map();
  for (const room of [...rooms, 'sim']) {
    const beganMs = Date.now();
    const passed = await runPart(place, room, Number.POSITIVE_INFINITY);
    const seconds = (Date.now() - beganMs) / 1_000;
    if (!passed) throw new Error(`${room} fails without any change`);
    process.stderr.write(`${room} takes ${seconds.toFixed(0)} s\n`);
    limits.set(room, Math.max(leastSeconds, patience * seconds));
  }
  return limits;
}

/** What notices the change: `tests`, `simulator`, or none: `survives`. */
async function tryOut(place, { room, path, start, end, replacement }, limits) {
  const file = join(place, path);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.slice(0, start) + replacement + text.slice(end));
  try {
    if (!(await runPart(place, room, limits.get(room)))) return 'tests';
    return (await runPart(place, 'sim', limits.get('sim'))) ? 'survives' : 'simulator';
  } finally {
    writeFileSync(file, text);
  }
}

/** True where it passes within the time. */
function runPart(place, room, limitSeconds) {
  const { seeds, aimed } = values;
  if (room === 'sim') {
    const program = join(place, 'scripts/mutate.mjs');
    return run(
      place,
      [program, '--simulate', place, '--seeds', seeds, '--aimed', aimed],
      limitSeconds,
    );
  }
  const tests = join(place, 'dist/test', room);
  const files = readdirSync(tests, { recursive: true })
    .filter((name) => name.endsWith('.test.js') && !name.endsWith('.long.test.js'))
    .map((name) => join(tests, name));
  return run(place, [join(place, 'scripts/import-tests.mjs'), tests, ...files], limitSeconds);
}

function run(place, args, limitSeconds) {
  const child = spawn(process.execPath, args, {
    cwd: place,
    stdio: 'ignore',
    env: { ...process.env, TAP_BAIL: '1', TAP_TIMEOUT: `${Math.min(limitSeconds, 100_000)}` },
  });
  return new Promise((resolve) => {
    const isLimited = Number.isFinite(limitSeconds);
    const timer = isLimited && setTimeout(() => child.kill('SIGKILL'), limitSeconds * 1_000);
    child.once('exit', (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    });
  });
}

/** Ends with 1 at the first seed that breaks an invariant, or throws. */
async function simulateSeeds(place) {
  const load = (name) => import(pathToFileURL(join(place, 'dist/sim', name)).href);
  const { simulate } = await load('simulation.js');
  const { aims } = await load('aims.js');
  const runs = Array.from({ length: Number(values.seeds) }, (_, at) => ({ seed: at + 1 }));
  for (const aim of aims) {
    for (let seed = 1; seed <= Number(values.aimed); seed++) runs.push({ seed, aim });
  }
  for (const options of runs) {
    const { problems } = await simulate(options);
    if (problems.length > 0) process.exit(1);
  }
}

function describe({ place, code, change }) {
  const short = code.length > codeMax ? `${code.slice(0, codeMax)}…` : code;
  return `${place}  ${change}: ${short}`;
}

function report(count, survivors) {
  const known = JSON.parse(readFileSync(join(root, 'scripts/equivalent-mutants.json'), 'utf8'));
  const reasonOf = (mutant) =>
    known.find(({ file, change, code }) => {
      const isThere = mutant.place.startsWith(`${file}:`) && mutant.change === change;
      return isThere && mutant.code.includes(code);
    })?.reason;
  const open = survivors.filter((mutant) => reasonOf(mutant) === undefined);
  process.stdout.write(`\n${count - survivors.length} of ${count} changes are noticed\n`);
  for (const mutant of survivors) {
    const reason = reasonOf(mutant);
    const how = reason === undefined ? 'SURVIVES  ' : 'equivalent';
    process.stdout.write(`${how} ${describe(mutant)}${reason ? `\n           ${reason}` : ''}\n`);
  }
  return open.length === 0 ? 0 : 1;
}
