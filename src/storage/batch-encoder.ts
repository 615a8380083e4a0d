/**
 * Makes batches in one reused buffer: a batch must be written before the next is made. Does not depend
 * on files.
 */
import type { LogRecord } from '../consensus/types.js';
import type { Chain } from './batch-format.js';
import { batchBytes, headBytes, sealBatch } from './batch-format.js';
import type { Span } from './record-format.js';
import { encodeRecord, spanOf } from './record-format.js';

const firstBytes = 64 * 1024;

export class BatchEncoder {
  #span: Span = spanOf(new Uint8Array(firstBytes));

  /**
   * The bytes of a batch of these records and its place in the chain. The caller passes the records'
   * encoded length. Calls `placed` with the position of each record in the batch.
   */
  encode(
    records: readonly LogRecord[],
    recordsBytes: number,
    after: Chain,
    placed: (record: LogRecord, offset: number, length: number) => void,
  ): { bytes: Uint8Array; chain: Chain } {
    const total = batchBytes({ headBytes, bytes: recordsBytes });
    if (total > this.#span.bytes.length) this.#grow(total);
    let at = headBytes;
    let fromSeq = 0;
    let throughSeq = 0;
    for (const record of records) {
      if (record.kind !== 'promise') {
        const seq = record.kind === 'entry' ? record.entry.seq : record.from;
        if (fromSeq === 0 || seq < fromSeq) fromSeq = seq;
        if (record.kind === 'entry') throughSeq = seq;
      }
      const end = encodeRecord(record, this.#span, at);
      placed(record, at, end - at);
      at = end;
    }
    const content = { bytes: at - headBytes, count: records.length, fromSeq, throughSeq };
    const chain = sealBatch(this.#span, content, after);
    return { bytes: this.#span.bytes.subarray(0, total), chain };
  }

  #grow(bytes: number): void {
    let size = this.#span.bytes.length;
    while (size < bytes) size *= 2;
    this.#span = spanOf(new Uint8Array(size));
  }
}
