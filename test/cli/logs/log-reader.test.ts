/** A service's log as it is read back: the last lines, and what comes, over every turn of the file. */
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { formatLine, lineAsJson, readLine } from '../../../src/cli/logs/log-line.js';
import { LogReader } from '../../../src/cli/logs/log-reader.js';

function stage(t: Test) {
  const folder = t.testdir();
  const log = join(folder, 'a.log');
  const crashes = join(folder, 'a.stderr');
  let second = 0;
  const line = (msg: string): string => {
    second++;
    return `${JSON.stringify({ level: 30, time: `2030-01-01T00:00:0${second}Z`, msg })}\n`;
  };
  return {
    log,
    crashes,
    line,
    reader: () => new LogReader('a', log, crashes),
    write: (...messages: string[]) => appendFileSync(log, messages.map(line).join('')),
    turnOver: () => renameSync(log, `${log}.1`),
  };
}

const said = (lines: readonly { readonly message: string }[]): string[] =>
  lines.map(({ message }) => message);

t.test('reads the last lines and then the appended ones', async (t) => {
  const { reader, write } = stage(t);
  write('one', 'two', 'three');
  const a = reader();
  t.same(said(a.past(2)), ['two', 'three']);
  t.same(said(a.news()), []);
  write('four');
  t.same(said(a.news()), ['four']);
});

t.test('the last lines include those of the rotated file', async (t) => {
  const { reader, write, turnOver } = stage(t);
  write('one', 'two');
  turnOver();
  write('three');
  t.same(said(reader().past(2)), ['two', 'three']);
  t.same(said(reader().past(50)), ['one', 'two', 'three']);
});

t.test('following misses no line when the file is rotated', async (t) => {
  const { reader, write, turnOver, log, line } = stage(t);
  write('one');
  const a = reader();
  a.past(50);
  write('two');
  const three = line('three');
  appendFileSync(log, three.slice(0, 20));
  t.same(said(a.news()), ['two']);
  appendFileSync(log, three.slice(20));
  write('four');
  turnOver();
  write('five');
  t.same(said(a.news()), ['three', 'four', 'five']);
});

t.test('a truncated file is read from its beginning', async (t) => {
  const { reader, write, log, line } = stage(t);
  write('one', 'two');
  const a = reader();
  a.past(50);
  writeFileSync(log, line('new'));
  t.same(said(a.news()), ['new']);
});

t.test('the output of a crash is shown', async (t) => {
  const { reader, write, crashes } = stage(t);
  write('one');
  const a = reader();
  t.same(said(a.past(50)), ['one']);
  writeFileSync(crashes, 'FATAL ERROR: out of memory\n  at nowhere\n');
  const lines = a.news();
  t.same(said(lines), ['FATAL ERROR: out of memory', '  at nowhere']);
  t.match(lines[0]?.time, /^\d{4}-/);
});

t.test('a log that does not exist yet is empty', async (t) => {
  const { reader, write } = stage(t);
  const a = reader();
  t.same(a.past(50), []);
  write('one');
  t.same(said(a.news()), ['one']);
});

t.test('a line has time, level, message and fields, with control characters escaped', async (t) => {
  const record = { level: 40, time: 'T', pid: 1, name: 'x', msg: 'low\x1b[2J', left: 3, to: 'a' };
  const line = readLine('order-1', JSON.stringify(record), '');
  t.equal(formatLine({ color: false }, line), 'order-1    T warn  low�[2J left=3 to=a');
  t.match(formatLine({ color: true }, line), '\x1b[33mwarn');
  t.equal(lineAsJson(line), JSON.stringify(record));
  const odd = readLine('order-1', '{"half', 'T');
  t.equal(formatLine({ color: false }, odd), 'order-1    {"half');
  t.same(JSON.parse(lineAsJson(odd)), { time: 'T', name: 'order-1', msg: '{"half' });
});
