/** A process that locks the folder it is given, reports the result, and ends with its input. */
import { lockFolder } from '../../src/storage/folder-lock.js';

const [folder = ''] = process.argv.slice(2);
lockFolder(folder).then(
  () => process.stdout.write('held\n'),
  (error: Error) => process.stdout.write(`${error.message}\n`),
);
process.stdin.resume();
process.stdin.on('end', () => process.exit());
