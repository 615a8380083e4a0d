/** The options of the commands that run one service on its own. */
import { flag, list, text } from './options.js';
import { membershipSpecs, placeSpecs, serviceSpecs } from './store-options.js';

const ownGroup = { group: 'This service:' };

export const oneServiceSpecs = {
  id: text('Its name, as catalog-1', undefined, ownGroup),
  listen: text('Where it answers (host:port)', undefined, ownGroup),
  httpListen: text("Where a frontend's HTTP answers (host:port)", undefined, ownGroup),
  peers: list('Where others answer: name=host:port, …', ownGroup),
  logFile: text('Its log; standard error where it is not given', undefined, ownGroup),
  init: flag('Format an empty folder as that of a founding member', ownGroup),
  repair: flag('Come back from a corrupt journal as a learner', ownGroup),
  ...membershipSpecs,
  ...placeSpecs,
  ...serviceSpecs,
} as const;
