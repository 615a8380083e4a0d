/**
 * Programs of flow control. A session of the listener 'pump' writes numbered blocks as long as it
 * may, and tells when it must wait; one of 'holder' pauses at its first bytes until it is told.
 */
import type { Connection } from '../../../src/net/types.js';
import type { OwnerLink, ProgramFactory } from '../../../src/pool/types.js';

export const blockBytes = 16 * 1024;

export const program: ProgramFactory = (owner, data) => {
  const blocks = Number(data);
  const held: Connection[] = [];
  return {
    open(connection, kind) {
      if (kind === 'pump') pump(connection, owner, blocks);
      else hold(connection, owner, held);
    },
    told() {
      for (const connection of held.splice(0)) connection.resume();
    },
    drain: async () => {},
  };
};

export function block(index: number): Uint8Array {
  return new Uint8Array(blockBytes).fill(index % 251);
}

function pump(connection: Connection, owner: OwnerLink, blocks: number): void {
  let next = 0;
  const write = (): void => {
    while (next < blocks) {
      if (connection.write(block(next++))) continue;
      owner.tell('waiting', { next, pendingBytes: connection.pendingBytes });
      return;
    }
    connection.end();
  };
  connection.start({
    data: () => {},
    drained() {
      owner.tell('drained', connection.pendingBytes);
      write();
    },
    closed: () => {},
  });
  write();
}

function hold(connection: Connection, owner: OwnerLink, held: Connection[]): void {
  let first = true;
  let received = '';
  connection.start({
    data(chunk) {
      received += Buffer.from(chunk).toString('latin1');
      if (first) {
        first = false;
        connection.pause();
        held.push(connection);
        owner.tell('holding', received.length);
      }
    },
    end() {
      owner.tell('received', received);
      connection.end();
    },
    closed: () => owner.tell('closed', received.length),
  });
}
