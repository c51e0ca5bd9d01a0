/** Heads of other chains that one commit acknowledges (design, section 4). */
export const SEEN_MAX = 32
/** Documents that one commit changes. A guess: a sale touches ledger, event and one more. */
export const SECTIONS_MAX = 16
/** Entries of one section. A guess: a bulk import is split into several commits. */
export const ENTRIES_MAX = 4_096
/** Bytes of one header: 32 acknowledged heads and 16 sections need 5,300. */
export const HEADER_BYTES_MAX = 8_192
/** Bytes of one section's payload. Equal to the limit of one Yjs update. */
export const PAYLOAD_BYTES_MAX = 262_144
/** Bytes of all payloads of one commit, so that one commit always fits into one frame. */
export const COMMIT_PAYLOAD_BYTES_MAX = 524_288
/** The last sequence number of a chain; 2^32 commits at one a second are 136 years. */
export const SEQ_MAX = 0xffff_ffff
