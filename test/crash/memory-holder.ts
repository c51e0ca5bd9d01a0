import { createHash } from 'node:crypto'
import pino from 'pino'
import { LEAF_BYTES, fileCid } from '#protocol/asset'
import { Fetcher } from '#node/assets'
import type { AssetStore, Provider } from '#node/assets'
import type { Crypto } from '#protocol/identity'

/** A fetcher whose one provider gives `bytes` from memory, and the CID to ask for. */
export function memoryFetcher(
  bytes: Uint8Array,
  assets: AssetStore,
  crypto: Crypto,
): { fetcher: Fetcher; cid: string } {
  const leaves: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += LEAF_BYTES) leaves.push(bytes.subarray(at, at + LEAF_BYTES))
  const hashes = leaves.map((leaf) => createHash('sha256').update(leaf).digest())
  const leafHashes = new Uint8Array(Buffer.concat(hashes))
  const { cid } = fileCid(bytes.length, leafHashes, crypto.sha256)
  const source = {
    async *candidates(): AsyncGenerator<string> {
      yield 'aa'
    },
    connect: async (): Promise<Provider> =>
      new MemoryHolder(leaves, bytes.length, leafHashes) as Pick<Provider, keyof Provider> as Provider,
    nameOf: (device: string) => device,
  }
  const log = pino({ level: 'silent' })
  return { fetcher: new Fetcher({ assets, source, sha256: crypto.sha256, log }), cid: cid.toString() }
}

/** A device that holds one file. */
class MemoryHolder {
  readonly device = 'aa'
  readonly #leaves: readonly Uint8Array[]
  readonly #sizeBytes: number
  readonly #leafHashes: Uint8Array
  readonly #asked: number[] = []

  constructor(leaves: readonly Uint8Array[], sizeBytes: number, leafHashes: Uint8Array) {
    this.#leaves = leaves
    this.#sizeBytes = sizeBytes
    this.#leafHashes = leafHashes
  }

  async stat(): Promise<{ kind: 'file'; sizeBytes: number; leafHashes: Uint8Array }> {
    return { kind: 'file', sizeBytes: this.#sizeBytes, leafHashes: this.#leafHashes }
  }

  async request(_cid: string, from: number, to: number): Promise<void> {
    for (let index = from; index < to; index += 1) this.#asked.push(index)
  }

  async nextLeaf(): Promise<Uint8Array> {
    return this.#leaves[this.#asked.shift() ?? -1] ?? new Uint8Array()
  }

  close(): void {}
}
