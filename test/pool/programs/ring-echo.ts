/** A thread that sends back whatever comes by its ring port. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { type Rings, ringPort } from '../../../src/pool/ring-port.js';

const { port, rings } = workerData as { readonly port: MessagePort; readonly rings: Rings };
const channel = ringPort(port, rings);
channel.receive({
  batch: (batch) => channel.sendBatch(new Uint8Array(batch)),
  control: (control) => channel.sendControl(control),
});
