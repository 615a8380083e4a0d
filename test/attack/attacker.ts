/** The attacker's process: runs one attack against the ports it is given, and ends. */
import { askPolitely, attacks } from './attacks.js';
import type { Ports } from './target.js';

const politeMs = 4_000;

const [name = '', how = '', given = ''] = process.argv.slice(2);
const ports = JSON.parse(given) as Ports;
const attack = attacks.find((one) => one.name === name);
if (!attack) throw new Error(`there is no attack "${name}"`);
if (how === 'attack') await attack.run(ports);
else if (attack.polite) await askPolitely(attack.polite, ports, politeMs);
else await new Promise((resolve) => setTimeout(resolve, politeMs));
process.exit(0);
