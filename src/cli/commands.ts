/** All commands, in the order in which the help shows them. */

import { audit } from './commands/audit.js';
import { backup } from './commands/backup.js';
import { buy } from './commands/buy.js';
import { completion } from './commands/completion.js';
import { doctor } from './commands/doctor.js';
import { down } from './commands/down.js';
import { exportAll } from './commands/export.js';
import { hold } from './commands/hold.js';
import { importProducts } from './commands/import.js';
import { init } from './commands/init.js';
import { kill } from './commands/kill.js';
import { ledger } from './commands/ledger.js';
import { load } from './commands/load.js';
import { logs } from './commands/logs.js';
import { lookup } from './commands/lookup.js';
import { order } from './commands/order.js';
import { orders } from './commands/orders.js';
import { product } from './commands/product.js';
import { restoreCopy } from './commands/restore.js';
import { search } from './commands/search.js';
import { catalog, frontend, recovery } from './commands/service-commands.js';
import { shop } from './commands/shop.js';
import { start } from './commands/start.js';
import { status } from './commands/status.js';
import { store as storeCommands } from './commands/store.js';
import { up } from './commands/up.js';
import { type Entry, optionNames } from './parsing/command.js';

export function allCommands(): Entry[] {
  const doctorOfAll = doctor(() => optionNames(allCommands()));
  const store = [up, down, init, status, kill, start, logs, doctorOfAll, backup, restoreCopy];
  const shopping = [shop, search, lookup, buy, hold, order, orders];
  const services = [catalog, recovery, frontend];
  return [
    ...store,
    storeCommands,
    ...shopping,
    product,
    ledger,
    importProducts,
    exportAll,
    audit,
    load,
    ...services,
    completion,
  ];
}
