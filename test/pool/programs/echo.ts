/** Sends back what it gets, and ends when the peer has ended. */
import type { ProgramFactory } from '../../../src/pool/types.js';

export const program: ProgramFactory = () => ({
  open(connection) {
    connection.start({
      data: (chunk) => {
        connection.write(chunk);
      },
      end: () => connection.end(),
      closed: () => {},
    });
  },
  told: () => {},
  drain: async () => {},
});
