/** The quick reading of a line agrees with the thorough one, and leaves to it what it cannot read. */
import t from 'tap';
import { allCommands } from '../../../src/cli/commands.js';
import { commandLineLayer } from '../../../src/cli/options/layers.js';
import { readValues } from '../../../src/cli/options/options.js';
import { upSpecs } from '../../../src/cli/options/store-options.js';
import { UsageError } from '../../../src/cli/output/exit-codes.js';
import type { Chosen } from '../../../src/cli/parsing/command.js';
import { parse } from '../../../src/cli/parsing/parse.js';
import { quickParse } from '../../../src/cli/parsing/quick-parse.js';
import { fakeIo } from '../fake-io.js';

function valuesOf(chosen: Chosen | undefined): unknown {
  if (!chosen) return undefined;
  try {
    return readValues(upSpecs, [commandLineLayer(chosen.argv)]);
  } catch (error) {
    return (error as UsageError).message;
  }
}

const plain = [
  'up',
  'up --catalogs 3 --orders 1 --recovery=0',
  'up --detach --fresh --yes --no-restart',
  'up --data-dir /a/b --log-dir=c --host ::1 --port-offset 100',
  'up --workers 0 --log-level debug --restock-every 0 --min-copies 3 --open-admin',
  'up --catalogs 2.5',
  'up --catalogs many',
  'up --catalogs 1 --catalogs 2',
  'up --log-level loud',
  'up --detach --no-detach --fresh --fresh',
];

for (const line of plain) {
  t.test(`both read "${line}" alike`, async (t) => {
    const args = line.split(' ');
    const quick = quickParse(args, allCommands());
    t.ok(quick, 'and the quick one reads it');
    let thorough: unknown;
    try {
      thorough = valuesOf(await parse(args, allCommands(), fakeIo()));
    } catch (error) {
      t.type(error, UsageError);
      t.type(valuesOf(quick), 'string', 'both refuse it');
      return;
    }
    t.same(valuesOf(quick), thorough);
  });
}

t.test('help, wrong lines and other commands are left to yargs', async (t) => {
  for (const line of [
    'up --help',
    'up -h',
    'up --nonsense',
    'up word',
    'up --workers',
    'lookup Tux',
    '',
  ]) {
    t.equal(quickParse(line.split(' '), allCommands()), undefined, line);
  }
});

t.test('the path of a configuration is read', async (t) => {
  t.match(quickParse(['up', '--config', 'x.json'], allCommands())?.argv, { config: 'x.json' });
});
