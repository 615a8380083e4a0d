/** The examples of the page on operations run as they stand there, and print what it shows. Starts a store. */
import t from 'tap';
import { examples, Machine, readPage } from './page-commands.js';

const testTimeoutMs = 600_000;

t.test('the examples of the page on operations run, and print what it shows', async (t) => {
  t.setTimeout(testTimeoutMs);
  const machine = new Machine(t, '127.44.18', { BAZAR_PORT_OFFSET: '5860' });
  const down = (): Promise<unknown> => machine.run('bazar down');
  t.teardown(down);
  for (const { command, shown } of examples(readPage('OPERATIONS.md'))) {
    const { code, out, err } = await machine.run(command);
    t.equal(code, 0, `${command}\n${out}${err}`);
    const heads = shown.filter((line) =>
      /^[A-Z]{2}[A-Z0-9]*( +(%|[A-Z0-9]+|ms|RATE))+$/.test(line),
    );
    const said = out.split('\n').map(words);
    for (const head of heads) t.ok(said.includes(words(head)), `${command}: ${head}\n${out}`);
  }
});

function words(line: string): string {
  return line.trim().split(/ +/).join(' ');
}
