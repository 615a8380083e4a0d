/** Wrong administrator's tokens: how many an address may send, and who is never refused. */
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { tokenLimits } from '../../src/base/limits.js';
import { type Logger, silentLogger } from '../../src/base/logging.js';
import { TokenCheck } from '../../src/gateway/token-check.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { adminToken, setStage } from './stage.js';

const { wrongMax, windowMs } = tokenLimits;

function refusal(check: TokenCheck, remote: string): BazarError | undefined {
  try {
    check.isRight('guess', remote);
    return undefined;
  } catch (error) {
    if (error instanceof BazarError) return error;
    throw error;
  }
}

t.test('an address may send a number of wrong tokens, and must wait then', async (t) => {
  const clock = new ManualClock();
  const warnings: Record<string, unknown>[] = [];
  const logger: Logger = { ...silentLogger, warn: (fields) => void warnings.push(fields) };
  const check = new TokenCheck({ adminToken: 'right', clock, logger });
  for (let sent = 0; sent < wrongMax; sent++) t.notOk(refusal(check, '10.0.0.1:5'));
  for (const port of [5, 6, 7]) {
    const refused = refusal(check, `10.0.0.1:${port}`);
    t.equal(refused?.code, 'overloaded', 'from every port');
    t.equal(refused?.toWire().retry_after_ms, windowMs);
  }
  t.same(warnings, [{ from: '10.0.0.1' }], 'the log says so once');
  t.notOk(refusal(check, '10.0.0.2:5'), 'another address may go on');
  t.ok(check.isRight('right', '10.0.0.2:5'));
  t.ok(check.isRight('right', '10.0.0.1:5'), 'the right token is accepted from the same address');
  clock.advance(windowMs);
  t.notOk(refusal(check, '10.0.0.1:5'), 'in the next window it may try again');
});

t.test('addresses of one IPv6 network share the limit', async (t) => {
  const clock = new ManualClock();
  const check = new TokenCheck({ adminToken: 'right', clock, logger: silentLogger });
  for (let sent = 0; sent < wrongMax; sent++) refusal(check, `[2001:db8::${sent + 1}]:5`);
  t.equal(refusal(check, '[2001:db8::ffff]:5')?.code, 'overloaded');
  t.notOk(refusal(check, '[2001:db8:0:1::1]:5'));
});

t.test('over HTTP too many wrong tokens get 429 with Retry-After', async (t) => {
  const { ask, operations } = await setStage();
  const wrong = { authorization: 'Bearer guess' };
  for (let sent = 0; sent < wrongMax; sent++) {
    t.equal((await ask('DELETE', '/products/8', { headers: wrong })).status, 403);
  }
  const refused = await ask('DELETE', '/products/8', { headers: wrong });
  t.equal(refused.status, 429);
  t.equal(refused.json.error.type, 'overloaded');
  t.match(refused.headers.get('retry-after'), /^[1-9]\d*$/);
  t.same(operations.asked, []);
  const right = { authorization: `Bearer ${adminToken}` };
  t.equal((await ask('DELETE', '/products/8', { headers: right })).status, 200);
});
