/**
 * The options of the commands that run one service on its own. Each command accepts the options of all
 * kinds, so that one script serves all services of a machine; its help shows those that its kind reads.
 */

import type { ServiceKind } from '../service/service-order.js';
import { flag, hidden, list, type Specs, text } from './options.js';
import { membershipSpecs, placeSpecs, serviceSpecs } from './store-options.js';

const ownGroup = { group: 'This service:' };

export const oneServiceSpecs = {
  id: text('Name of the service, such as catalog-1', undefined, ownGroup),
  listen: text('Address of its service port (host:port)', undefined, ownGroup),
  httpListen: text("Address of a frontend's HTTP port (host:port)", undefined, ownGroup),
  peers: list('Addresses of other services: name=host:port, …', ownGroup),
  logFile: text('Log file; without it, standard error', undefined, {
    ...ownGroup,
    completes: 'files',
  }),
  init: flag('Initialize an empty folder as a founding member', ownGroup),
  repair: flag('Cut a corrupt journal off and rejoin as a learner', ownGroup),
  ...membershipSpecs,
  ...placeSpecs,
  ...serviceSpecs,
} as const;

type Name = keyof typeof oneServiceSpecs;

const members: readonly ServiceKind[] = ['catalog', 'order', 'recovery'];

/** The kinds that read an option. An option that is not listed is read by all kinds. */
const readers: { readonly [N in Name]?: readonly ServiceKind[] } = {
  init: members,
  repair: members,
  minCopies: members,
  store: ['catalog', 'order'],
  storeSchema: ['catalog', 'order'],
  logRetention: ['catalog'],
  restockEvery: ['catalog'],
  restockTo: ['catalog'],
  currency: ['catalog'],
  clientKeysMax: ['catalog'],
  productsFile: ['catalog'],
  snapshotEvery: ['catalog', 'recovery'],
  httpListen: ['frontend'],
  cacheEntries: ['frontend'],
  reusePort: ['frontend'],
  tlsCert: ['frontend'],
  tlsKey: ['frontend'],
  rateLimit: ['frontend'],
  addressSessions: ['frontend'],
  drainDelay: ['frontend'],
  allowedHost: ['frontend'],
  corsOrigin: ['frontend'],
  ordersStatus: ['frontend'],
  openAdmin: ['frontend'],
  dialectPort: ['frontend'],
  demo: ['frontend'],
};

/** The same options for the command of one kind; options of other kinds are hidden. */
export function specsOf(kind: ServiceKind): typeof oneServiceSpecs {
  const foreign = Object.entries(readers).filter(([, kinds]) => !kinds.includes(kind));
  const all: Specs = oneServiceSpecs;
  const hiddenOnes = foreign.flatMap(([name]) => {
    const option = all[name];
    return option ? [[name, hidden(option)] as const] : [];
  });
  return { ...oneServiceSpecs, ...Object.fromEntries(hiddenOnes) };
}
