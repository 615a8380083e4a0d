/** The commands of README, TOUR and OPERATIONS run as they are, and print what the pages show. Starts stores. */
import t from 'tap';
import { comparable, examples, Machine, readPage, stableLines } from './page-commands.js';

const testTimeoutMs = 600_000;
/** Of a test, left to stop its store. */
const shutdownMs = 90_000;
/** Start timeout of a service, in seconds: the machine may run other tests at the same time. */
const patience = { BAZAR_START_TIMEOUT: '100' };

t.test('the commands of OPERATIONS run, and print what it shows', async (t) => {
  t.setTimeout(testTimeoutMs);
  const machine = new Machine(t, '127.44.18', { BAZAR_PORT_OFFSET: '5860', ...patience });
  const down = (): Promise<unknown> => machine.run('bazar down');
  t.teardown(down);
  for (const { command, shown } of examples(readPage('OPERATIONS.md'))) {
    const { code, out, err } = await machine.run(command);
    t.equal(code, 0, `${command}\n${out}${err}`);
    const printed = `${out}${err}`.split('\n').map(comparable);
    for (const line of stableLines(shown)) t.ok(printed.includes(line), `${line}: ${out}${err}`);
  }
});

for (const [page, portOffset] of [
  ['../README.md', 5880],
  ['TOUR.md', 5900],
] as const) {
  t.test(`the commands of ${page} run in one shell, and print what it shows`, async (t) => {
    t.setTimeout(testTimeoutMs);
    const machine = new Machine(t, '127.44.20', {
      BAZAR_PORT_OFFSET: String(portOffset),
      ...patience,
    });
    t.teardown(() => machine.run('bazar down'));
    const all = examples(readPage(page));
    // A command may need a variable or a background job of an earlier one.
    const script = all
      .map(({ command }) => `printf '\\n$ %s\\n' ${quoted(command)}\n${command}\n`)
      .join('');
    const { code, out, err } = await machine.run(`${script}wait\n`, testTimeoutMs - shutdownMs);
    t.equal(code, 0, `${out}${err}`);
    const printed = `${out}${err}`.split('\n').map(comparable);
    for (const line of all.flatMap(({ shown }) => stableLines(shown)))
      t.ok(printed.includes(line), `${line} is printed`);
  });
}

function quoted(command: string): string {
  return `'${command.replaceAll("'", `'\\''`)}'`;
}
