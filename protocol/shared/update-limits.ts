/**
 * Longest V1 update of one section, in bytes. A guess: a page's transaction is under 1 KiB, a long paste
 * under 100 KiB, and a frame that carries a few sections still fits a sync message.
 */
export const UPDATE_BYTES_MAX: number = 256 * 1024

/** Structs of one update: a map of 20,000 keys, which Yjs takes in within 0.1 s. See UPDATE_REPEATS_MAX. */
export const UPDATE_STRUCTS_MAX = 20_000

/**
 * Structs of one update beyond the first in each text, array and map key. Yjs passes one by one over what
 * others wrote in the same place meanwhile. Measured: 10,000 structs against 10,000 concurrent ones keep it
 * busy for 27 s with 90 kB of well-formed bytes, 1,000 against 10,000 for 3 s. A paste or push is one struct.
 */
export const UPDATE_REPEATS_MAX = 1_000

/** Delete ranges of one update, over all writers. Same reasoning as UPDATE_STRUCTS_MAX. */
export const UPDATE_DELETES_MAX = 20_000

/**
 * Writers that one list of an update may name. Structs come from one writer; this bounds how many writers'
 * text one update may delete. A guess: more sessions than a board sees in a year.
 */
export const UPDATE_WRITERS_MAX = 4_096

/** JSON values of one update, nested ones and containers counted. A guess: a price list of 4,000 rows. */
export const UPDATE_VALUES_MAX = 65_536

/** How deep arrays and objects may nest in one value; a scalar has depth 0. A guess: boards use 3. */
export const VALUE_DEPTH_MAX = 16

/**
 * Largest clock that a struct or delete range may end at: 2^31 - 1, a small integer in every engine. One
 * writer session would have to type for decades to reach it honestly.
 */
export const CLOCK_MAX: number = 2 ** 31 - 1

/** Longest key of a root of kind 'map', in UTF-16 units; the shortest is 1. A guess: a ULID with a prefix is 40. */
export const MAP_KEY_UNITS_MAX = 128
