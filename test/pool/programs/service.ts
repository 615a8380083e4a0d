/**
 * A program for the tests: each letter a session sends is a command. What the thread knows of
 * itself goes to the owner as tells.
 */
import { existsSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { AssertionError } from '../../../src/base/assert.js';
import { listenBeside } from '../../../src/net/tcp-transport.js';
import type { Connection } from '../../../src/net/types.js';
import type { ProgramFactory } from '../../../src/pool/types.js';

export const program: ProgramFactory = async (owner, data) => {
  owner.tell('made', { threadId, data });
  if (data === 'fail') throw new Error('the program cannot be made');
  if (data === 'crash') process.exit(3);
  const told: unknown[] = [];
  let waiting = 0;
  let idle = (): void => {};
  return {
    open(connection, kind) {
      if (kind === 'refused') throw new Error('open failed');
      connection.start({
        data: (chunk) => {
          for (const letter of Buffer.from(chunk).toString('latin1')) {
            command(letter, connection);
          }
        },
        end: () => connection.end(),
        closed: (error) => owner.tell('closed', error?.message ?? ''),
      });
    },
    listen: (address, accept) =>
      refuses(data) ? Promise.reject(new Error('not now')) : listenBeside(address, accept),
    told: (topic, message) => {
      told.push([topic, message]);
      owner.tell('told', { threadId, told });
    },
    drain: () =>
      new Promise((resolve) => {
        idle = resolve;
        owner.tell('draining', threadId);
        if (waiting === 0) resolve();
      }),
  };

  function command(letter: string, connection: Connection): void {
    if (letter === 'x') throw new Error('a session failed');
    if (letter === 'A') throw new AssertionError('a broken invariant');
    if (letter === 'L') for (;;);
    if (letter === 'w') connection.write(Buffer.from('w'));
    if (letter === 'u')
      void owner.call('bad', 1n << 70n).catch((e) => answered(connection, `!${e.code}`));
    if (letter === 'X') process.exit(0);
    if (letter === 'T') setImmediate(throwOutside);
    if (letter === 'R') void Promise.reject(new Error('rejected outside'));
    if (letter === 'q') connection.end();
    if (letter === 'd') connection.destroy(new Error('destroyed here'));
    if (letter === 'c') call(connection);
    if (letter === '#') owner.tell('letter', threadId);
  }

  function call(connection: Connection): void {
    waiting++;
    const args = { threadId, bytes: Buffer.from([1, 2]), missing: undefined };
    owner.call('ask', args).then(
      (result) => answered(connection, String(result)),
      (error: { code?: string }) => answered(connection, `!${error.code}`),
    );
  }

  function answered(connection: Connection, text: string): void {
    connection.write(Buffer.from(`${text};`));
    waiting--;
    if (waiting === 0) idle();
  }
};

/** While there is the file that the data name. */
function refuses(data: unknown): boolean {
  const { refusing = '' } = (data ?? {}) as { readonly refusing?: string };
  return refusing !== '' && existsSync(refusing);
}

function throwOutside(): void {
  throw new Error('thrown outside');
}
