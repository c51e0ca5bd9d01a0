/** Bytes of decoded blocks kept for the next read: the batches that a peer asks for follow each other. */
export const BLOCK_CACHE_BYTES: number = 4 * 1024 * 1024

type Records = readonly (Uint8Array | null)[]

/** Blocks of the log that were read last, up to `BLOCK_CACHE_BYTES`; a single larger one is kept all the same. */
export class BlockCache {
  readonly #blocks = new Map<number, Records>()
  #bytes = 0

  /** Bytes of the records that are kept. */
  get bytes(): number {
    return this.#bytes
  }

  get(first: number): Records | undefined {
    return this.#blocks.get(first)
  }

  set(first: number, records: Records): void {
    this.delete(first)
    const size = byteCount(records)
    for (const old of this.#blocks.keys()) {
      if (this.#bytes + size <= BLOCK_CACHE_BYTES) break
      this.delete(old)
    }
    this.#blocks.set(first, records)
    this.#bytes += size
  }

  delete(first: number): void {
    this.#bytes -= byteCount(this.#blocks.get(first) ?? [])
    this.#blocks.delete(first)
  }
}

function byteCount(records: Records): number {
  return records.reduce((sum, record) => sum + (record?.length ?? 0), 0)
}
