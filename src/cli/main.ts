#!/usr/bin/env node
/** The entry of every command. */
import { runCli } from './cli.js';
import { allCommands } from './commands.js';
import { systemIo } from './output/io.js';

// Node's inspector runs any code: no signal may open it.
process.on('SIGUSR1', () => {});
process.exitCode = await runCli(process.argv.slice(2), allCommands(), systemIo());
