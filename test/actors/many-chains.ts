import { signCommit } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import type { Signer } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { seededRandom } from '#simulations/mesh'

const crypto = nodeCrypto()

/** Chains of a large co-op, each with one commit that every replica has; the next ones are written as a test needs. */
export class ManyChains {
  readonly coop: Uint8Array
  readonly #signers: readonly Signer[]
  /** Ids of the first commits. */
  readonly #first: readonly Uint8Array[]

  constructor(seed: number, count: number) {
    const random = seededRandom(seed)
    this.coop = random.bytes(32)
    this.#signers = Array.from({ length: count }, () => nodeSigner(random.bytes(32)))
    this.#first = this.#signers.map(() => random.bytes(32))
  }

  /** A replica that has the first commits, taken from an index: without their records. */
  replica(): Replica {
    const replica = openReplica({ coop: this.coop, crypto, signer: null })
    for (const [i, signer] of this.#signers.entries()) {
      const id = this.#first[i] ?? this.coop
      const links = { device: signer.publicKey, seq: 0, id, prev: -1, seen: [] }
      replica.restore({ ...links, isSigned: true, documents: [] })
    }
    return replica
  }

  /** The second commit of a chain. */
  next(chain: number): CommitRecord {
    const signer = this.#signers[chain]
    if (signer === undefined) throw new Error(`no chain ${chain}`)
    const place = { device: signer.publicKey, seq: 1, prev: this.#first[chain] ?? null, seen: [] }
    const header = { coop: this.coop, epoch: this.coop, timeMs: 1, ...place }
    return signCommit(header, [], { signer, sha256: crypto.sha256 })
  }
}
