/**
 * The rules of purchase, cache and storage that the simulator can break one at a time, in addition to
 * the core's switches (src/consensus/rules.ts). They are built only into simulated services. The text
 * beside each says what it breaks in production.
 */

export const bugs = {
  'nominates-the-unreachable':
    'section 3: a nominee that its peers cannot reach is nominated again and again (A6)',
  'gates-stand-open': 'R7, R8: an entry is visible before the caches have dropped its items (A12)',
  'caches-the-undecided': 'R8: caches an item while an entry that touches it is undecided (A13)',
  'joins-an-older-question': 'R8: a reader shares a question older than an invalidation (A18)',
  'tells-a-crowd-what-was':
    'R8: readers of a hot item get the answer to a question sent before they arrived (A18)',
  'stamps-seen-too-late': 'R8: the version is read after the answer, not before the question (A18)',
  'cache-survives-sessions': 'R8: a cache is kept across sessions (A11, A19)',
  'revives-an-expired-lease': 'R8: an expired lease is renewed in the same session (A11)',
  'forgets-former-leases': 'R8: a new leader opens its gates at once (A14)',
  'grants-the-unregistered': 'R8: a lease is granted to a process that is not registered (A14)',
  'strikes-the-living': 'R8: a process is deregistered while its lease lasts (A14)',
  'grants-without-a-majority': 'R8: a lease is granted without a round of heartbeats (A15)',
  'leases-from-receipt': 'R8: a lease counts from the answer, not from the request (A16)',
  'leases-by-a-timer': 'R8: a timer ends a lease, instead of a clock check at each hit (A17)',
  'leases-ignore-the-wall-clock':
    'R8: a lease ends by the monotonic clock alone, which stops during a suspend (A35)',
  'leases-never-end': 'R8: a frontend serves from its cache without a lease until its session ends',
  'clocks-never-differ': 'R8: the leader waits for a lease without the margin for clock rates',
  'closed-means-dropped': 'R8: a closed connection ends a lease at once',
  'late-beginnings-count': 'R8: a late session attempt replaces a newer session',
  'lends-without-noting': 'R8: cache grants through a follower are not recorded',
  'floors-are-ignored': 'R8: an answer of a lagging replica is cached after the invalidation',
  'lenders-are-ignored': "R8: an answer with a former leader's cache grant is cached",
  'pushes-are-not-lent': 'R8: a pushed record is not invalidated again',
  'pushes-fill-late': 'R8: pushed records and invalidations are processed out of order',
  'registry-is-not-saved': 'R11: a snapshot omits the lease holders (A14)',
  'lists-outlive-changes': 'R8: a list stays cached when a product is added, removed or moved',
  'absence-outlives-adding': 'R8: "no such product" stays cached when products are added',
  'absences-outlive-additions': 'R8: a reader shares "no such product" after one was added (A18)',
  'absences-lend-products': 'R8: a product added after the cache grant for its absence is cached',
  'acknowledges-first': 'R8: a frontend acknowledges before it drops the item (A12)',
  'reads-without-position': 'R9: the catalog reads without a read position',
  'orders-without-position': 'R9: "no such order" without a read position',
  'refusals-are-forgotten': 'section 5, 2: a refusal is not stored under its key (A24)',
  'keys-are-not-saved': 'R11: a snapshot omits the keys (A24)',
  'capacity-is-not-saved': 'R11: a snapshot omits the capacity for keys (I4)',
  'requests-are-not-compared':
    'section 5, 2: a different request under the same key gets the stored outcome',
  'the-deposed-may-sell': 'section 5, 2: the epoch of the order group is not checked',
  'refuses-with-a-key': "section 5, 8: a frontend locally refuses a purchase with a client's key",
  'refuses-the-forwarded':
    'section 5, 8: a frontend locally refuses a purchase that it has already forwarded',
  'new-key-each-attempt': 'section 5, 1: a retry uses a new key',
  'attempts-after-the-deadline': 'section 5, 7: a purchase is tried again after its deadline (A34)',
  'purchase-age-from-latest-attempt':
    'section 5, 2: the age of a purchase counts from its latest attempt (A34)',
  'totals-go-unchecked':
    'section 5, 2: any total is logged before all replicas know the bound (A38)',
  'not-found-by-the-order-group': 'R9: "no such order" by the position of the order group alone',
  'not-found-at-the-deadline':
    'R9: "no such order" when the position or the order is not there in time',
  'last-sale-without-position': 'R9: a catalog replica names its last sale without a read position',
  'lists-without-position': 'R9: orders are listed by the position of the order group alone',
  'answers-before-the-sale':
    'section 5, 3: a purchase is answered before its sale is committed (A42)',
  'answers-early-before-the-rules':
    'section 5, 3: a sale is answered before its order, while replicas do not know the rule (A40, A42)',
  'lone-sales-are-safe':
    'section 5, 3: a sale of a lone catalog voter is answered before its order (A43)',
  'sales-become-orders-twice': 'section 5, 4: a new leader takes a sale as an order again (A21)',
  'tails-at-takeover-only': 'section 5, 4: sales are fetched when a leader takes over (A21)',
  'tails-from-the-newest':
    'section 5, 4: a new leader subscribes after the newest sale, not after its last order (A22)',
  'confirms-too-early': 'section 5, 5: orders are confirmed before they are committed (A27)',
  'confirms-after-the-end': 'STOCK.md, H4: a hold is confirmed after its time',
  'holds-end-by-a-local-clock': "STOCK.md, H4: a hold ends by a replica's own clock",
  'resolved-holds-expire': 'STOCK.md, H5: an entry frees the stock of holds that were resolved',
  'due-holds-stay': 'STOCK.md, H5: the leader does not free the stock of due holds',
  'partly-confirmed-holds-leak': 'STOCK.md, H3: what is not confirmed stays reserved',
  'resolved-holds-are-dropped': 'STOCK.md, H8: a hold is forgotten when it is resolved',
  'ends-of-holds-are-not-told': 'STOCK.md, H9: a write set omits the products of a hold that ends',
  'references-are-not-saved': 'R11: a snapshot omits the references of holds (I4)',
  'uses-are-not-saved': 'R11: a snapshot omits what counts for purchase limits (I4)',
  'limits-are-checked-before-the-log':
    'STOCK.md, L2: a limit is checked when a purchase is proposed, not when it is applied',
  'limits-keep-what-comes-back': 'STOCK.md, L3: a hold that ends gives nothing back to the limit',
  'limits-give-back-twice': 'STOCK.md, L3: a hold that ends gives twice its units back',
  'cancels-beyond-what-was-bought':
    'STOCK.md, C2: the bound is that of the order book when a cancellation is proposed',
  'restocks-again-on-a-replay': 'STOCK.md, C4: a replayed cancellation puts its units back again',
  'restocks-are-not-told': 'STOCK.md, C4: a write set omits the products of a cancellation',
  'cancellations-are-taken-twice': 'STOCK.md, C5: a new leader takes a cancellation as a new one',
  'cancellations-from-the-newest':
    'STOCK.md, C5: a new leader subscribes after the newest cancellation, not after its last one',
  'cancellations-without-position': 'STOCK.md, C6: an order is read by the position of sales alone',
  'cancelled-units-are-not-saved': 'R11: a snapshot omits what is cancelled of each order (I4)',
  'cancellations-give-back-twice':
    'STOCK.md, L3: a cancellation gives twice its units back to the limit',
  'releases-are-not-in-the-ledger':
    'STOCK.md, M1: units of a released hold come back without a movement',
  'numbers-of-an-entry-before': 'STOCK.md, M1: a movement has the units from before the change',
  'movements-are-taken-twice': 'STOCK.md, M3: a new leader takes a movement as a new one',
  'movements-from-the-newest':
    'STOCK.md, M3: a new leader subscribes after the newest movement, not after its last one',
  'ledgers-without-position': 'STOCK.md, M5: a ledger is read from the own book alone',
  'movements-are-not-saved': 'R11: a snapshot omits the movements that are not in the book (I4)',
  'restocks-whatever-k': 'section 5: a restock applies without a check of its number (A26)',
  'durable-before-the-disk': 'R10: a batch is reported durable before it is on disk (A29)',
  'corrupt-replica-votes': 'R10: a member whose journal was cut off votes at once (A28)',
  'lost-disk-votes': 'R10: a member with an empty disk votes at once (A8)',
  'lost-journal-votes':
    'R10: a member that lost its journal but not its identity votes at once (A8)',
  'sole-replica-votes': 'R10: the only replica returns with an empty folder and votes (A8)',
  'doubt-is-torn': 'R10: a doubtful tail is cut off, and the member votes at once',
  'torn-tails-are-corrupt': 'R10: a torn batch is treated as corruption',
  'log-dropped-first': 'R11: the log is dropped before its snapshot is durable',
} as const;

/**
 * Rules with a second line of defence. If only the rule here is broken, the second rule compensates.
 * Seeds find a violation only if both are broken.
 */
export const firstLines = {
  'stamps-seen-late':
    'R8: the version is read after the answer; the minimum position still applies',
} as const;

export type Bug = keyof typeof bugs | keyof typeof firstLines;
