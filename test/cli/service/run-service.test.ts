/** What stands in the log of a service that may not start. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { oneServiceSpecs } from '../../../src/cli/options/one-service-options.js';
import { readValues } from '../../../src/cli/options/options.js';
import { orderFor } from '../../../src/cli/service/run-one.js';
import { runService } from '../../../src/cli/service/run-service.js';

t.test(
  'a refused start is reported with its code and reason, each line with one pid',
  async (t) => {
    const dataDir = t.testdir();
    const logFile = join(dataDir, 'catalog-1.log');
    const values = { id: 'catalog-1', dataDir, logFile };
    const order = orderFor(
      'catalog',
      readValues(oneServiceSpecs, [{ values, label: (name) => name }]),
    );
    let told: string | undefined;
    const code = await runService(order, {
      ignoreInterrupt: true,
      onReady: () => t.fail('no store was founded here'),
      onFailure: (reason) => {
        told = reason;
      },
    });
    t.equal(code, 1);
    const lines = readFileSync(logFile, 'utf8').trim().split('\n');
    for (const line of lines) t.equal(line.match(/"pid":/g)?.length, 1, line);
    const refusal = JSON.parse(lines.at(-1) ?? '');
    t.match(refusal, { level: 50, code: String, reason: told, msg: 'the service could not start' });
    t.notHas(refusal, { err: {} });
  },
);
