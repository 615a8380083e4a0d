/** Passes each message to the rule that handles it. Makes no decisions. */
import { unreachable } from '../base/assert.js';
import { onFetch, onFetched } from './catch-up.js';
import { onPrepare, onPrevote, onPrevoted, onPromised } from './election.js';
import { onAppend, onStale } from './follow.js';
import { onAdmit } from './learners.js';
import type { Message } from './messages.js';
import { onRead, onReadAt } from './reads.js';
import { onAppended } from './replication.js';
import { onChunk, onChunked, onSnapshotRequest } from './snapshots.js';
import type { State } from './state.js';
import type { MemberId } from './types.js';

export function dispatch(state: State, from: MemberId, message: Message): void {
  switch (message.kind) {
    case 'append':
      onAppend(state, from, message);
      break;
    case 'appended':
      onAppended(state, from, message);
      break;
    case 'read':
      onRead(state, from, message.id);
      break;
    case 'read-at':
      onReadAt(state, from, message);
      break;
    case 'prevote':
      onPrevote(state, from, message);
      break;
    case 'prevoted':
      onPrevoted(state, from, message);
      break;
    case 'prepare':
      onPrepare(state, from, message);
      break;
    case 'promised':
      onPromised(state, from, message);
      break;
    case 'fetch':
      onFetch(state, from, message);
      break;
    case 'fetched':
      onFetched(state, from, message);
      break;
    case 'stale':
      onStale(state, message);
      break;
    case 'admit':
      onAdmit(state, from, message);
      break;
    case 'snapshot-request':
      onSnapshotRequest(state, from, message);
      break;
    case 'chunk':
      onChunk(state, from, message);
      break;
    case 'chunked':
      onChunked(state, from, message);
      break;
    default:
      unreachable(message);
  }
}
