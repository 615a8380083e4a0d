/** Runs commands in this process against a frontend that answers as told. */
import type { Test } from 'tap';
import { formatAddress } from '../../src/base/address.js';
import { runCli } from '../../src/cli/cli.js';
import { allCommands } from '../../src/cli/commands.js';
import { tcpTransport } from '../../src/net/tcp-transport.js';
import { type Answer, FakeFrontend } from '../client/fake-frontend.js';
import { fakeIo } from './fake-io.js';

export async function stageCommands(t: Test, answers: Readonly<Record<string, Answer>>) {
  const frontend = new FakeFrontend({ hello: () => ({}), ...answers });
  await frontend.listen(tcpTransport, { host: '127.0.0.1', port: 0 });
  t.teardown(() => frontend.close());
  const env = { BAZAR_ADDRESS: formatAddress(frontend.address), BAZAR_DATA_DIR: t.testdirName };
  const run = async (...args: string[]) => {
    const io = fakeIo({ env });
    const code = await runCli(args, allCommands(), io);
    return { code, stdout: io.stdout(), stderr: io.stderr() };
  };
  return { frontend, run };
}
