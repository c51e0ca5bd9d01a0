import type { Sha256 } from '../identity/index.ts'
import { cborLink } from './block-link.ts'
import type { BlockLink } from './block-link.ts'
import { encodeIndex } from './evidence-index.ts'
import type { IndexRow } from './evidence-index.ts'
import { INDEXES_MAX, INDEX_ROWS_MAX } from './limits.ts'
import { encodeManifest } from './manifest.ts'
import type { EvidenceScope } from './manifest.ts'

/** All that must be known before the first byte of the file can be written. */
export interface Outline {
  root: BlockLink
  /** Bytes of the root block. */
  manifest: Uint8Array
  indexes: BlockLink[]
  commits: number
}

/**
 * The first of two passes over the commits: it hashes the index blocks and keeps only their links, so that the root,
 * which stands first in the file, is known although the log never was in memory as a whole.
 */
export class EvidenceOutline {
  readonly #sha256: Sha256
  readonly #commitsMax: number
  readonly #indexes: BlockLink[] = []
  #rows: IndexRow[] = []
  #commits = 0

  /** `indexesMax`: index blocks that the file may have; less than the format allows only in tests. */
  constructor(sha256: Sha256, indexesMax: number = INDEXES_MAX) {
    this.#sha256 = sha256
    this.#commitsMax = indexesMax * INDEX_ROWS_MAX
  }

  /** Adds the next commit; false when the file is full. */
  add(row: IndexRow): boolean {
    if (this.#commits >= this.#commitsMax) return false
    this.#rows.push(row)
    this.#commits += 1
    if (this.#rows.length === INDEX_ROWS_MAX) this.#close()
    return true
  }

  /** The outline of everything added; at least one commit must have been. */
  finish(coop: Uint8Array, scope: EvidenceScope): Outline {
    if (this.#commits === 0) throw new RangeError('evidence of no commit')
    if (this.#rows.length > 0) this.#close()
    const indexes = this.#indexes
    const commits = this.#commits
    const manifest = encodeManifest({ coop, commits, indexes, ...scope })
    return { root: cborLink(this.#sha256(manifest)), manifest, indexes, commits }
  }

  #close(): void {
    this.#indexes.push(cborLink(this.#sha256(encodeIndex(this.#rows))))
    this.#rows = []
  }
}
