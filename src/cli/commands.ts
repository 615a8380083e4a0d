/** All commands, in the order in which the help shows them. */
import type { Entry } from './cli.js';
import { down } from './commands/down.js';
import { kill } from './commands/kill.js';
import { catalog, frontend, recovery } from './commands/service-commands.js';
import { start } from './commands/start.js';
import { up } from './commands/up.js';
import { isBuilt } from './service-order.js';

export function allCommands(): Entry[] {
  const services = isBuilt('recovery') ? [catalog, recovery, frontend] : [catalog, frontend];
  return [up, down, kill, start, ...services];
}
