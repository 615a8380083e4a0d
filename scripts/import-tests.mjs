// Runs test files in one process: tap puts their tests into one row. Arguments are their room, after
// which tap names the row and its folders, and the files.
import { pathToFileURL } from 'node:url';

const [room, ...files] = process.argv.slice(2);
// As if the room were run: the tests' own arguments come after it, and there are none.
process.argv.splice(1, process.argv.length, room);
for (const file of files) await import(pathToFileURL(file).href);
