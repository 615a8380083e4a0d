/** What a log line does to a terminal: nothing, whatever was logged. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createLogger } from '../../src/base/logging.js';

t.test('no control sequence, line end or change of direction is raw in a log line', async (t) => {
  const path = join(t.testdir(), 'service.log');
  const logger = createLogger('order-1', {
    level: 'info',
    file: { path, bytesMax: 1_000_000, kept: 1 },
  });
  const odd = 'a\r\n{"level":60}\u001b[31m\u009b2J\u007f\u2028\u202e\u2066z \ud800 é';
  logger.info({ name_of: odd, [odd]: 1, err: new Error(odd) }, odd);
  const text = readFileSync(path, 'utf8');
  const [line = '', ...rest] = text.split('\n');
  t.same(rest, [''], 'one line');
  t.notMatch(line, /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
  const record = JSON.parse(line);
  t.equal(record.msg, odd, 'and a reader gets what was logged');
  t.equal(record.name_of, odd);
});
