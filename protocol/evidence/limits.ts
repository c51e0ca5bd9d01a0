/** Commits that one index block lists. With 16 payloads each they take 800 KB: below the limit of a block. */
export const INDEX_ROWS_MAX = 1_000
/** Index blocks that one manifest links: 25 million commits. Their links fill a block of 1 MiB. */
export const INDEXES_MAX = 25_000
/** Bytes of one block: what IPFS tools take without being asked to allow more. */
export const EVIDENCE_BLOCK_BYTES_MAX = 1_048_576
/** Forks that a report names; the others are counted. A guess: a page of them. */
export const FORKS_NAMED_MAX = 64
