/** A log's file: whole lines, turned over by size, and never lost between two that write to it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { LogFile, turnOver } from '../../src/base/log-file.js';

t.test('lines are in the file when the call returns', async (t) => {
  const path = join(t.testdir(), 'logs', 'order-1.log');
  const file = new LogFile(path);
  file.write('one\n');
  t.equal(readFileSync(path, 'utf8'), 'one\n');
  const again = new LogFile(path);
  again.write('two\n');
  file.write('three\n');
  t.equal(readFileSync(path, 'utf8'), 'one\ntwo\nthree\n', 'several may write');
  file.close();
  again.close();
});

t.test('a file that has grown is rotated, and the oldest is removed', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'a.log');
  const [one, other] = [new LogFile(path), new LogFile(path)];
  const settings = { path, bytesMax: 10, kept: 2 };
  turnOver(settings);
  one.write('small\n');
  turnOver(settings);
  t.same(readdirSync(folder), ['a.log'], 'not before its time');
  for (let n = 1; n <= 4; n++) {
    one.write(`one    ${n}\n`);
    other.write(`other  ${n}\n`);
    turnOver(settings);
  }
  one.write('last\n');
  other.write('and last\n');
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  t.same(readdirSync(folder).sort(), ['a.log', 'a.log.1', 'a.log.2']);
  t.equal(text('a.log'), 'last\nand last\n', 'each writer has noticed');
  t.equal(text('a.log.1'), 'one    4\nother  4\n');
  t.equal(text('a.log.2'), 'one    3\nother  3\n');
  one.close();
  other.close();
});

t.test('no old file is kept if the number kept is 0', async (t) => {
  const folder = t.testdir({ 'a.log': 'x'.repeat(20) });
  turnOver({ path: join(folder, 'a.log'), bytesMax: 10, kept: 0 });
  t.same(readdirSync(folder), []);
});

t.test('a removed log file is created again', async (t) => {
  const path = join(t.testdir(), 'a.log');
  const file = new LogFile(path);
  file.write('one\n');
  rmSync(path);
  file.write('two\n');
  t.equal(readFileSync(path, 'utf8'), 'two\n');
  file.close();
});

t.test('lost lines are counted, and the count is logged when writing works again', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'logs', 'a.log');
  writeFileSync(join(folder, 'logs'), 'in the way');
  const file = new LogFile(path);
  file.write('one\n');
  file.write('two\n');
  rmSync(join(folder, 'logs'));
  mkdirSync(join(folder, 'logs'));
  t.notOk(existsSync(path));
  file.write('three\n');
  t.equal(readFileSync(path, 'utf8'), '2 lines of this log could not be written\nthree\n');
  file.close();
});
