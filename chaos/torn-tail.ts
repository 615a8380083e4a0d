/**
 * Imitates a power cut during the write of a batch: its head and a part of its records at the end of a
 * journal, without the trailer. No client got an answer that depends on it.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { LogRecord } from '../src/consensus/types.js';
import { BatchEncoder } from '../src/storage/batch-encoder.js';
import { chainStart } from '../src/storage/batch-format.js';
import { createNodeDisk } from '../src/storage/node-disk.js';
import { recordBytes } from '../src/storage/record-format.js';
import { listSegments, openSegment } from '../src/storage/segment-format.js';
import { SegmentScan } from '../src/storage/segment-scan.js';

const commandBytes = 20_000;

/** @param folder the journal folder of a stopped process. Returns the number of bytes written. */
export async function tearTail(folder: string): Promise<number> {
  const disk = createNodeDisk();
  const { segments } = await listSegments(disk, folder);
  let chain = chainStart;
  let last: { path: string; end: number; seq: number; epoch: number } | undefined;
  let [seq, epoch] = [0, 0];
  for (const name of segments) {
    const { file, size } = await openSegment(disk, name);
    const scan = new SegmentScan(name, file, size, chain);
    await scan.run((record) => {
      if (record.kind === 'entry') ({ seq, epoch } = record.entry);
    });
    await file.close();
    if (scan.batches === 0) continue;
    chain = scan.chain ?? chain;
    last = { path: name.path, end: scan.end, seq, epoch };
  }
  if (!last) throw new Error(`${folder} holds no batch`);
  const command = new Uint8Array(commandBytes).fill(7);
  const entry = { seq: last.seq + 1, epoch: last.epoch, time: 0, command };
  const record: LogRecord = { kind: 'entry', entry };
  const { bytes } = new BatchEncoder().encode([record], recordBytes(record), chain, () => {});
  const torn = bytes.subarray(0, commandBytes / 2);
  const file = openSync(last.path, 'r+');
  writeSync(file, torn, 0, torn.length, last.end);
  closeSync(file);
  return torn.length;
}
