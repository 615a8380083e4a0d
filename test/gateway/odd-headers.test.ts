/**
 * Control characters, line ends and binary values in request headers: they reach neither the head of
 * an answer, nor its body, nor a log line.
 */
import t from 'tap';
import { type Logger, silentLogger } from '../../src/base/logging.js';
import { setStage } from './stage.js';

const names = [
  'x-request-id',
  'idempotency-key',
  'traceparent',
  'user-agent',
  'origin',
  'last-event-id',
  'if-none-match',
  'accept-encoding',
];
/** As the bytes of latin1. */
const values = [
  '\x1b[31mred',
  '\x9b2J',
  '\xc2\x9b2J',
  'a\rinjected: 1',
  'a\ninjected: 1',
  'a\r\n injected: 1',
  '%0d%0ainjected: 1',
  'a\x00b',
  '\xff\xfe',
  '\xe2\x80\xae',
  '\x7f',
  'x'.repeat(5_000),
];
const body = '{"id":1,"quantity":1}';

/** Other than the line ends between the lines of a head. */
function hasControl(text: string): boolean {
  return /[\p{Cc}]/u.test(text.replaceAll('\r\n', '')) || /^ ?injected/im.test(text);
}

t.test('no answer and no log line contains the odd header values', async (t) => {
  const lines: string[] = [];
  const note = (fields: Record<string, unknown>): void => void lines.push(JSON.stringify(fields));
  const logger: Logger = { ...silentLogger, debug: note, warn: note, error: note };
  const { connect } = await setStage({}, { logger, logsRequests: true });
  for (const name of names) {
    for (const value of values) {
      const client = connect();
      const sent = `POST /orders HTTP/1.1\r\nhost: store\r\ncontent-length: ${body.length}\r\n`;
      client.send(Buffer.from(`${sent}${name}: ${value}\r\n\r\n${body}`, 'latin1'));
      const reply = await client.reply();
      const shown = `${name}: ${JSON.stringify(value.slice(0, 20))}`;
      t.ok([200, 400, 403].includes(reply.status), `${shown} is ${reply.status}`);
      const head = [...reply.headers].map((pair) => pair.join(': ')).join('\r\n');
      t.notOk(hasControl(head) || hasControl(reply.text), `${shown}: the answer`);
      client.destroy();
    }
  }
  t.ok(lines.length > 0);
  t.same(lines.filter(hasControl), []);
});

t.test('an unsafe request id is replaced', async (t) => {
  const { ask } = await setStage();
  for (const given of ['a b', 'a"b', '<b>', 'x'.repeat(101), '\xe9']) {
    const reply = await ask('GET', '/products/8', { headers: { 'x-request-id': given } });
    t.match(reply.headers.get('x-request-id'), /^[0-9a-f-]{36}$/, given.slice(0, 20));
  }
});
