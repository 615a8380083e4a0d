/**
 * A large sparse graph of the relation "happens before", with edges in typed arrays. Determines whether
 * all nodes have a common order; otherwise finds a cycle. Linear in nodes and edges.
 */
import { required } from '../base/assert.js';

const edgesFirst = 1024;

export class BeforeAfter {
  #nodes = 0;
  #edges = 0;
  #from = new Int32Array(edgesFirst);
  #to = new Int32Array(edgesFirst);

  node(): number {
    return this.#nodes++;
  }

  before(from: number, to: number): void {
    if (this.#edges === this.#from.length) {
      this.#from = doubled(this.#from);
      this.#to = doubled(this.#to);
    }
    this.#from[this.#edges] = from;
    this.#to[this.#edges] = to;
    this.#edges += 1;
  }

  /** A cycle, or undefined if all nodes have a common order. */
  ring(): number[] | undefined {
    const { starts, targets, waiting } = this.#adjacency();
    const ready = new Int32Array(this.#nodes);
    let end = 0;
    for (let node = 0; node < this.#nodes; node++) if (waiting[node] === 0) ready[end++] = node;
    for (let at = 0; at < end; at++) {
      const node = required(ready[at], 'a node');
      for (let edge = starts[node] ?? 0; edge < (starts[node + 1] ?? 0); edge++) {
        const target = required(targets[edge], 'a node');
        const left = required(waiting[target], 'a count') - 1;
        waiting[target] = left;
        if (left === 0) ready[end++] = target;
      }
    }
    return end === this.#nodes ? undefined : this.#findRing(waiting);
  }

  /** Edges by their source node, and the number of edges into each node. */
  #adjacency(): { starts: Int32Array; targets: Int32Array; waiting: Int32Array } {
    const starts = new Int32Array(this.#nodes + 1);
    const waiting = new Int32Array(this.#nodes);
    const add = (array: Int32Array, at: number, by: number): number => {
      const before = required(array[at], 'a count');
      array[at] = before + by;
      return before;
    };
    for (let edge = 0; edge < this.#edges; edge++) {
      add(starts, required(this.#from[edge], 'a node') + 1, 1);
      add(waiting, required(this.#to[edge], 'a node'), 1);
    }
    for (let node = 0; node < this.#nodes; node++) add(starts, node + 1, starts[node] ?? 0);
    const free = starts.slice();
    const targets = new Int32Array(this.#edges);
    for (let edge = 0; edge < this.#edges; edge++) {
      const place = add(free, required(this.#from[edge], 'a node'), 1);
      targets[place] = required(this.#to[edge], 'a node');
    }
    return { starts, targets, waiting };
  }

  /** Each remaining node has a remaining predecessor, so following predecessors finds a cycle. */
  #findRing(waiting: Int32Array): number[] {
    const previous = new Int32Array(this.#nodes).fill(-1);
    for (let edge = 0; edge < this.#edges; edge++) {
      const from = required(this.#from[edge], 'a node');
      const to = required(this.#to[edge], 'a node');
      if ((waiting[from] ?? 0) > 0 && (waiting[to] ?? 0) > 0) previous[to] = from;
    }
    const seenAt = new Map<number, number>();
    const path: number[] = [];
    let node = waiting.findIndex((left) => left > 0);
    while (!seenAt.has(node)) {
      seenAt.set(node, path.length);
      path.push(node);
      node = required(previous[node], 'a node before');
    }
    return path.slice(seenAt.get(node)).reverse();
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const twice = new Int32Array(array.length * 2);
  twice.set(array);
  return twice;
}
