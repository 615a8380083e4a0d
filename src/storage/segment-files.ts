/**
 * The open files of a journal's closed and active segments, by number. Keeps a bounded number open. A
 * file is closed only after the reads under way on it.
 */
import type { SegmentName } from './segment-format.js';
import type { Disk, DiskFile } from './types.js';

const openFilesMax = 64;

export class SegmentFiles {
  readonly #disk: Disk;
  readonly #names = new Map<number, SegmentName>();
  /** In the order of their last use. */
  readonly #open = new Map<number, DiskFile>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Assigns this file to the segment. */
  async set(name: SegmentName, file?: DiskFile): Promise<void> {
    const before = this.#open.get(name.number);
    this.#names.set(name.number, name);
    this.#open.delete(name.number);
    if (file) this.#open.set(name.number, file);
    await before?.close();
  }

  async forget(number: number): Promise<void> {
    const file = this.#open.get(number);
    this.#open.delete(number);
    this.#names.delete(number);
    await file?.close();
  }

  name(number: number): SegmentName | undefined {
    return this.#names.get(number);
  }

  names(): SegmentName[] {
    return [...this.#names.values()];
  }

  /** The file if it is open. Valid in this turn only: start the read before the next await. */
  ready(number: number): DiskFile | undefined {
    const file = this.#open.get(number);
    if (!file) return undefined;
    this.#open.delete(number);
    this.#open.set(number, file);
    return file;
  }

  /** Opens the segment's file for reading; does nothing if the segment is gone. */
  async prepare(number: number): Promise<void> {
    const name = this.#names.get(number);
    if (!name || this.#open.has(number)) return;
    const file = await this.#openUnlessGone(name);
    if (!file) return;
    if (this.#names.get(number) !== name || this.#open.has(number)) {
      await file.close();
      return;
    }
    this.#open.set(number, file);
    for (const [oldest, unused] of this.#open) {
      if (this.#open.size <= openFilesMax) break;
      // The newest segment is being written, and its writer keeps the file open.
      if (oldest === this.#newest()) continue;
      this.#open.delete(oldest);
      await unused.close();
    }
  }

  async close(): Promise<void> {
    const files = [...this.#open.values()];
    this.#open.clear();
    this.#names.clear();
    for (const file of files) await file.close();
  }

  async #openUnlessGone(name: SegmentName): Promise<DiskFile | undefined> {
    try {
      return await this.#disk.open(name.path, 'read');
    } catch (error) {
      if (this.#names.get(name.number) !== name) return undefined;
      throw error;
    }
  }

  #newest(): number {
    return Math.max(...this.#names.keys());
  }
}
