/** What virtual time 0 is on a clock without skew, in ms since 1970. */
export const EPOCH_MS = 1_700_000_000_000
/** Bytes that may wait for the disk before nothing more is taken in, as in a node's engine. */
export const UNSYNCED_BYTES_MAX = 8_388_608
/** Bytes on their way to a peer at which a host hands in no more: the window of a yamux stream. */
export const STREAM_BYTES_MAX = 262_144
/** A lost stream is dialled again after this, doubled each time up to the second, as a node does. */
export const DIAL_US = 3_000_000
export const DIAL_US_MAX = 20_000_000
/** How often a node looks whether its full disk takes writes again. */
export const REOPEN_US = 2_000_000
/** Longest wait of a write after a hard stop for a peer that may know more of the own chain, ms. */
export const ASK_MS = 3_000
/** Longest wait of a write after a peer said that it knows more, ms. */
export const CLAIM_MS = 10_000
/** Commits larger than this travel by sync streams alone, as in a node. */
export const GOSSIP_BYTES_MAX = 65_536
export const DRAIN_US = 20_000
/** A device that is outside is called again after this, and served for so long. As in a node. */
export const CALL_OUTSIDE_US = 30_000_000
export const SERVE_OUTSIDE_US = 10_000_000
/** How long a device that was a member until now stays connected to hear of it. As in a node. */
export const FAREWELL_US = 3_000_000
/** Bytes of a stream that arrive together: large frames come bit by bit. A guess, below a TLS or noise record. */
export const PART_BYTES = 16_384
