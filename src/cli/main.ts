#!/usr/bin/env node
/** The entry of every command. */
import { runCli } from './cli.js';
import { allCommands } from './commands.js';
import { systemIo } from './io.js';

process.exitCode = await runCli(process.argv.slice(2), allCommands(), systemIo());
