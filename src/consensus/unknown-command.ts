/**
 * Ends a state machine's switch over commands. The compiler refuses a missing case. At run time it
 * reports a log of another group's member or of a newer build.
 */

export class UnknownCommandError extends Error {
  override readonly name = 'UnknownCommandError';
}

export function unknownCommand(group: 'catalog' | 'order', command: never): never {
  const [kind]: readonly unknown[] = Array.isArray(command) ? command : [];
  const found = `the journal holds a command ${JSON.stringify(kind)} that is none of the ${group} group's`;
  throw new UnknownCommandError(
    `${found}: the folder has the journal of another member, or a newer build wrote it; put the right journal back, or start that build`,
  );
}
