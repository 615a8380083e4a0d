/**
 * The rules of purchase, cache and storage that the simulator can break one at a time, in addition to
 * the core's switches (src/consensus/rules.ts). They are built only into simulated services. The text
 * beside each says what it breaks in production.
 */

export const bugs = {
  'nominates-the-unreachable':
    'section 3: a nominee that its peers cannot hear is nominated again and again (A6)',
  'gates-stand-open': 'R7, R8: visible before the caches have dropped it (A12)',
  'caches-the-undecided': 'R8: caches an item while an entry that touches it is undecided (A13)',
  'joins-an-older-question': 'R8: a reader shares a question older than an invalidation (A18)',
  'tells-a-crowd-what-was':
    'R8: readers of a hot item get an answer asked for before they came (A18)',
  'stamps-seen-too-late': 'R8: the stamp is taken after the answer, not before the question (A18)',
  'cache-survives-sessions': 'R8: a cache is kept across sessions (A11, A19)',
  'revives-a-lapsed-lease': 'R8: a lease that ran out is renewed in the same generation (A11)',
  'forgets-former-leases': 'R8: a new leader opens its gates at once (A14)',
  'grants-the-unregistered': 'R8: a lease for a process that the log does not know (A14)',
  'strikes-the-living': 'R8: a process is struck off while its lease lasts (A14)',
  'grants-without-a-majority': 'R8: a lease without a round of heartbeats (A15)',
  'leases-from-receipt': 'R8: a lease counted from the answer (A16)',
  'leases-by-a-timer': 'R8: a timer tells the end of a lease, not the clock at each hit (A17)',
  'leases-ignore-the-wall-clock':
    'R8: a lease ends by the monotonic clock alone, which a suspend holds up (A35)',
  'leases-never-end': 'R8: a frontend serves for as long as it thinks it is in session',
  'clocks-never-differ': 'R8: a lease is waited for only as long as it is held',
  'closed-means-dropped': 'R8: a closed connection ends a lease at once',
  'late-beginnings-count': 'R8: a session that is begun late drops the one begun after it',
  'lends-without-noting': 'R8: what is lent through a replica is not noted',
  'floors-are-ignored': 'R8: a lagging replica refills what was invalidated',
  'lenders-are-ignored': "R8: what a former leader's follower was lent is kept",
  'pushes-are-not-lent': 'R8: a pushed record is not invalidated again',
  'pushes-fill-late': 'R8: a pushed record is put in out of order with the invalidations',
  'registry-is-not-saved': 'R11: a snapshot leaves out who may hold leases (A14)',
  'lists-outlive-changes': 'R8: a list is kept when a product comes, goes or is moved',
  'absence-outlives-adding': 'R8: "no such product" is kept when products are added',
  'absences-outlive-additions': 'R8: a reader shares "no such product" after one was added (A18)',
  'absences-lend-products': 'R8: a product that came after the leader had lent its absence is kept',
  'acknowledges-first': 'R8: a frontend acknowledges before it drops the item (A12)',
  'reads-without-position': 'R9: the catalog reads without a read position',
  'orders-without-position': 'R9: "no such order" without a read position',
  'refusals-are-forgotten': 'section 5, 2: a refusal is not stored under its key (A24)',
  'keys-are-not-saved': 'R11: a snapshot leaves the keys out (A24)',
  'requests-are-not-compared': 'section 5, 2: another request under the same key is the same',
  'the-deposed-may-sell': 'section 5, 2: the epoch of the order group is not looked at',
  'refuses-with-a-key': "section 5, 7: a purchase with a client's key is refused at the edge",
  'refuses-the-forwarded': 'section 5, 7: a purchase that was forwarded is refused at the edge',
  'new-key-each-attempt': 'section 5, 1: a retry makes a new key',
  'attempts-after-the-deadline': 'section 5, 6: a purchase is tried again after its deadline (A34)',
  'purchase-age-from-latest-attempt':
    'section 5, 2: the age of a purchase counts from its latest attempt (A34)',
  'totals-go-unchecked':
    'section 5, 2: any total is logged before all replicas know the bound (A38)',
  'answers-before-the-order': 'section 5, 3: a sale is answered before its order is applied',
  'tails-at-takeover-only': 'section 5, 3: sales are fetched when a leader takes over (A21)',
  'tails-from-the-newest':
    'section 5, 3: a new leader begins after the last sale it hears of (A22)',
  'confirms-too-early': 'section 5, 4: orders are confirmed before they are committed (A27)',
  'restocks-whatever-k': 'section 5: a restock applies whatever its number (A26)',
  'durable-before-the-disk': 'R10: told durable before the disk has it (A29)',
  'corrupt-replica-votes': 'R10: a journal that was cut off votes at once (A28)',
  'lost-disk-votes': 'R10: an empty disk votes at once (A8)',
  'lost-journal-votes': 'R10: a journal that was lost beside its identity votes at once (A8)',
  'sole-replica-votes': 'R10: the only replica comes back with an empty folder as a voter (A8)',
  'doubt-is-torn': 'R10: a doubtful tail is cut off, and the member votes at once',
  'torn-tails-are-corrupt': 'R10: a torn batch is taken for corruption',
  'log-dropped-first': 'R11: the log is dropped before its snapshot is durable',
} as const;

/**
 * Broken in addition to a rule that is a second line of defence. With only the first broken, the second
 * compensates. Seeds notice both broken, but not the first alone.
 */
export const firstLines = {
  'stamps-seen-late': 'R8: the stamp is taken after the answer, and the floor still counts',
} as const;

export type Bug = keyof typeof bugs | keyof typeof firstLines;
