import { PAYLOAD_BYTES_MAX } from '../commit/index.ts'
import { WAITING_BYTES_MAX } from '../replica/index.ts'

/** Version of the sync frames; HELLO carries it and another is refused. */
export const SYNC_VERSION = 4
/** Bytes of one frame after its length prefix. Holds the largest commit with room for a batch. */
export const FRAME_BYTES_MAX = 1_048_576
/** Bytes at which a batch of commits is closed: large enough to amortise one fsync, small enough to interleave. */
export const BATCH_BYTES_TARGET = 524_288
/** Commits of one batch: small ones fill the byte target. */
export const BATCH_COMMITS_MAX = 2_000
/** Ranges of one request; the rest is asked for in the next round. A range takes about 105 bytes. */
export const WANTS_MAX = 8_192
/** Rows of one frame. A row takes about 75 bytes. */
export const ROWS_MAX = 8_192
/**
 * Rows up to which a brief has the rows themselves instead of their tags: it saves the round trip of `ask`. With the
 * digests below 4 KB; the buckets of a co-op of 5,000 devices seldom hold more.
 */
export const BRIEF_ROWS_MAX = 36
/** Tags of one frame, as many as a peer may have devices: 393,216 bytes. */
export const TAGS_MAX = 65_536
/** Commits that one wanted range may name as known: 32 ends, and 20 steps back on some six of the branches. */
export const HAVE_MAX = 160
/** Batches of commits that may be under way unconfirmed: with the batch size, what a cut may send again at most, 1 MiB. */
export const BATCHES_AHEAD = 2
/** How long the side with the higher key leaves it to the other to open a round. A guess: a slow uplink's round trip. */
export const LEAD_MS = 2_000
/** Commits of the first answer, before it is known how fast they come: less than `STALL_MS` on a slow uplink. A guess. */
export const REQUEST_COMMITS_FIRST = 128
/**
 * Commits that an answer may hold beyond its request's limit, so that it ends with signatures that hold: a frame's worth of
 * the usual 300 bytes and more, as far as a relay that spoilt all the others can have spread them over one batch.
 */
export const COVER_COMMITS_MAX = 4_096
/** How long an answer should take as fast as the last ones came: below `STALL_MS`, so that no honest peer seems stalled. */
export const REQUEST_MS = 2_000
/**
 * Commits of one answer while one peer is asked. What comes in `REQUEST_MS` on the fastest machine measured: before each
 * request all of the last answer is stored, while nothing comes, and the peer looks through all that is asked for.
 */
export const REQUEST_COMMITS_ALONE = 65_536
/** Commits of one answer while several peers are asked: what waits for the others' share stays small. */
export const REQUEST_COMMITS_SHARED = 2_000
/** Waiting commits, and their bytes, above which a peer is not asked for more while others bring their share. */
export const WAITING_PAUSE = 4_000
/** Half of what may wait in all. */
export const WAITING_PAUSE_BYTES: number = WAITING_BYTES_MAX / 2
/** How long a session waits before it looks again whether others brought what it is not asked for. A guess. */
export const SHARE_RETRY_MS = 250
/** Requests in a row that may bring nothing new. A guess: a few meet a peer whose rows just changed. */
export const FRUITLESS_REQUESTS_MAX = 8
/** Known commits that one answer may bring. A guess: several batches; more is a waste of the uplink, or meant so. */
export const DUPLICATES_MAX = 4_096
/** Frames other than commits that a peer may send at once, and a second in the long run. A guess, far above any honest peer's. */
export const FRAMES_BURST_MAX = 2_000
export const FRAMES_PER_SECOND_MAX = 50
/** Bytes of rows and tags, said or made to say, that count as one frame: 65,536 rows stay within the burst. */
export const ANSWER_BYTES_PER_FRAME = 4_096
/** Tags, said or made to say, that count as one frame: each is a hash. 65,536 of them are a quarter of the burst. */
export const TAGS_PER_FRAME = 128
/** Frames that a request for what is urgent counts for: its causal past is walked. A guess, far above any honest peer's. */
export const URGENT_FRAMES = 20
/**
 * Commits in the ranges of a request, for each one asked for, that count as one frame: whoever asks for little of much
 * makes this side walk the rest. A replica that pulls a million commits 2,000 at a time stays below one a request.
 */
export const RANGE_COMMITS_PER_FRAME = 512
/**
 * Rows that a peer may be told again in rounds although they are the same, at least, and for each device: else it says
 * over and over that it has nothing. Guesses: a row that a peer cannot take is told again in every round.
 */
export const TOLD_AGAIN_MIN = 4_096
export const TOLD_AGAIN_PER_DEVICE = 16
/** Commits that a peer may be sent twice in one session. A guess: several answers that were refused for want of room. */
export const SERVED_TWICE_MAX = 65_536
/** Devices that a peer may name in one session. Three times what `SignatureRule` remembers: above any co-op we plan for. */
export const PEER_CHAINS_MAX = 65_536
/** Silence after which a peer that owes an answer is cut. A guess: four times a slow uplink's batch. */
export const ANSWER_TIMEOUT_MS = 30_000
/** Slowest rate at which an answer may come on. A guess: a tenth of the slowest uplink that we plan for. */
export const ANSWER_BYTES_PER_SECOND_MIN = 1_024
/** How long a connected peer may say nothing before HELLO. */
export const HELLO_TIMEOUT_MS = 5_000
/** Anti-entropy period (design, section 7). */
export const ROUND_EVERY_MS = 30_000
/** Refused commits that a peer may send before it is cut: honest peers send none, or a few in a race. */
export const REFUSALS_MAX = 64
/** How long news are gathered before a peer is told: longer than gossip takes on a LAN, shorter than people notice. */
export const ANNOUNCE_DELAY_MS = 100
/**
 * How often a peer is told of news that do not end: each costs a request, its end and now and then a comparison, and both sides
 * do so. A guess: half of `FRAMES_PER_SECOND_MAX` is left, and people hardly notice.
 */
export const ANNOUNCE_EVERY_MS = 250
/** Outputs that wait for the stream at which news and roots wait with them, to be told once. A guess: an answer has three or four. */
export const BACKLOG_MAX = 8
/** Payloads that one request may ask for: 34 bytes each, so that a request for what is not there costs little. */
export const FETCH_MAX = 256
/** Bytes of payloads at which an answer is closed: as many as one payload may have, so that one always fits. */
export const FETCH_BYTES_TARGET: number = PAYLOAD_BYTES_MAX
/** Payloads asked for that count as one frame. A guess: each may be read from the disk. */
export const FETCHED_PER_FRAME = 64
/** Payloads that a peer may be sent twice in one session. A guess: several answers that a full disk lost. */
export const FETCHED_TWICE_MAX = 1_024
/** How long a session waits before it looks again whether another one still asks for the same document. A guess. */
export const FETCH_RETRY_MS = 1_000
/** After this long without news the roots are compared. A guess: several announcements. */
export const QUIET_MS = 500
