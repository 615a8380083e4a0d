#!/usr/bin/env node
/** The entry of every command. */
import { withoutPasswords } from '../database/connection-url.js';
import { runCli } from './cli.js';
import { allCommands } from './commands.js';
import { systemIo } from './output/io.js';

// Node's inspector runs any code: no signal may open it.
process.on('SIGUSR1', () => {});
// A process list shows the title. It is never longer than the command line that it replaces.
const typed = process.argv.slice(2).join(' ');
const title = withoutPasswords(typed);
if (title !== typed) process.title = `bazar ${title}`;
process.exitCode = await runCli(process.argv.slice(2), allCommands(), systemIo());
