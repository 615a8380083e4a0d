/** `bazar catalog`, `recovery`, `frontend`: one service, for real machines. (`order` has its own file.) */

import { specsOf } from '../options/one-service-options.js';
import { defineCommand } from '../parsing/command.js';
import { runOne } from '../service/run-one.js';

export const catalog = defineCommand({
  usage: 'catalog',
  describe: 'Run one catalog replica',
  examples: [
    [
      '$0 catalog --id catalog-1 --peers catalog-2=10.0.0.2:9002,recovery-1=10.0.0.3:9601',
      'on one of several machines',
    ],
    ['$0 catalog --id catalog-1 --store postgres://me@db/shop', 'in a database, without a disk'],
  ],
  specs: specsOf('catalog'),
  run: (options, io) => runOne('catalog', options, io),
});

export const recovery = defineCommand({
  usage: 'recovery',
  describe: 'Run one recovery server',
  examples: [['$0 recovery --id recovery-1', 'runs the first recovery server']],
  specs: specsOf('recovery'),
  run: (options, io) => runOne('recovery', options, io),
});

export const frontend = defineCommand({
  usage: 'frontend',
  describe: 'Run one frontend',
  examples: [
    ['$0 frontend --id frontend-2 --http-listen 0.0.0.0:80', 'a second frontend of the same store'],
  ],
  specs: specsOf('frontend'),
  run: (options, io) => runOne('frontend', options, io),
});
