/** Version of the sync frames; HELLO carries it and another is refused. */
export const SYNC_VERSION = 1
/** Bytes of one frame after its length prefix. Holds the largest commit with room for a batch. */
export const FRAME_BYTES_MAX = 1_048_576
/** Bytes at which a batch of commits is closed: large enough to amortise one fsync, small enough to interleave. */
export const BATCH_BYTES_TARGET = 524_288
/** Commits of one batch. Measured: beyond 1,000 an fsynced batch gains nothing. */
export const BATCH_COMMITS_MAX = 1_000
/** Ranges of one request; the rest is asked for in the next round. A range takes about 45 bytes. */
export const WANTS_MAX = 8_192
/** Rows of one frame. A row takes about 75 bytes. */
export const ROWS_MAX = 8_192
/** Devices that a peer may name in one session. Three times what `SignatureRule` remembers: above any co-op we plan for. */
export const PEER_CHAINS_MAX = 65_536
/** Silence after which a peer that owes an answer is cut. A guess: four times a slow uplink's batch. */
export const ANSWER_TIMEOUT_MS = 30_000
/** How long a connected peer may say nothing before HELLO. */
export const HELLO_TIMEOUT_MS = 5_000
/** Anti-entropy period (design, section 7). */
export const ROUND_EVERY_MS = 30_000
/** Refused commits that a peer may send before it is cut: honest peers send none, or a few in a race. */
export const REFUSALS_MAX = 64
/** How long news are gathered before a peer is told: longer than gossip takes on a LAN, shorter than people notice. */
export const ANNOUNCE_DELAY_MS = 100
/** After this long without news the roots are compared. A guess: several announcements. */
export const QUIET_MS = 500
