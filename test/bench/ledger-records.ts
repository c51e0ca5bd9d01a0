import { signCommit } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { LEDGER, encodeLedgerEntries, unitIdOf } from '#protocol/ledger'
import type { LedgerEntry, UnitDefinition } from '#protocol/ledger'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import type { Signer } from '#protocol/identity'
import type { BenchCoop } from './records.ts'

/** Pieces that each till is given before it sells. */
const PIECES = 1_000_000n

const crypto = nodeCrypto()

/**
 * What the tills of a co-op write: the first of them defines the goods and gives each of the others its part, and each defines
 * the takings that it writes down. Then they take turns and sell a piece at a time, one commit of two entries; each
 * acknowledges the sale before.
 */
export class LedgerRecords {
  readonly #coop: BenchCoop
  readonly #signers: readonly Signer[]
  readonly #keys: readonly Uint8Array[]
  readonly #heads: (CommitRecord | undefined)[] = []
  readonly #goods: string
  readonly #takings: readonly string[]
  #before: CommitRecord | undefined
  #number = 0

  constructor(coop: BenchCoop) {
    this.#coop = coop
    this.#signers = coop.seeds.map(nodeSigner)
    this.#keys = this.#signers.map(({ publicKey }) => publicKey)
    this.#before = coop.records.at(-1)
    this.#goods = unitIdOf(this.#keys[0] ?? NO_KEY, GOODS, crypto.sha256)
    this.#takings = this.#keys.map((key) => unitIdOf(key, TAKINGS, crypto.sha256))
  }

  /** The first commit of each till. */
  first(): CommitRecord[] {
    return this.#keys.map((_, till) => this.#write(till, this.#opening(till), true))
  }

  /** The next sales. `isSigned`: true when a sale of that number gets a real signature. */
  more(count: number, isSigned: (number: number) => boolean = () => true): CommitRecord[] {
    return Array.from({ length: count }, () => {
      const number = this.#number
      this.#number += 1
      const till = number % this.#keys.length
      const entries: LedgerEntry[] = [
        { t: 'consume', unit: this.#goods, amount: 1n },
        { t: 'issue', unit: this.#takings[till] ?? '', amount: 1_250n },
      ]
      return this.#write(till, entries, isSigned(number))
    })
  }

  #opening(till: number): LedgerEntry[] {
    const takings: LedgerEntry = { t: 'define', unit: TAKINGS }
    if (till > 0) return [takings]
    const others = this.#keys.slice(1)
    return [
      takings,
      { t: 'define', unit: GOODS },
      { t: 'issue', unit: this.#goods, amount: PIECES * BigInt(this.#keys.length) },
      ...others.map((to): LedgerEntry => ({ t: 'transfer', unit: this.#goods, amount: PIECES, to })),
    ]
  }

  #write(till: number, entries: readonly LedgerEntry[], isSigned: boolean): CommitRecord {
    const publicKey = this.#keys[till] ?? NO_KEY
    const signer = (isSigned ? this.#signers[till] : undefined) ?? { publicKey, sign: () => UNSIGNED }
    const own = this.#heads[till]
    // What pays a till is accepted by its first commit, which lists it.
    const payer = own === undefined ? this.#heads[0] : undefined
    const listed = new Set([this.#before, payer].filter((it) => it !== undefined && it !== own))
    const seen = [...listed].map((it) => ({
      device: it?.header.device ?? NO_KEY,
      seq: it?.header.seq ?? 0,
      id: it?.id ?? NO_KEY,
    }))
    const chain = { seq: (own?.header.seq ?? -1) + 1, prev: own?.id ?? null }
    const { coop } = this.#coop
    const record = signCommit(
      {
        ...{ coop, device: publicKey, ...chain, epoch: coop, timeMs: 1_700_000_000_000 },
        seen: seen.sort((a, b) => Buffer.compare(a.device, b.device)),
      },
      [{ document: LEDGER, entries: entries.length, payload: encodeLedgerEntries(entries) }],
      { signer, sha256: crypto.sha256 },
    )
    this.#heads[till] = record
    this.#before = record
    return record
  }
}

const DEFINED = { scale: 0, name: 'Bench', relayMax: null, expiresMs: null, nonce: new Uint8Array(16) }
const GOODS: UnitDefinition = { ...DEFINED, code: 'POSTER', kind: 'stock', supply: 1_000_000_000n }
const TAKINGS: UnitDefinition = { ...DEFINED, code: 'TAKINGS', kind: 'stock', supply: 10n ** 15n }
const NO_KEY: Uint8Array = new Uint8Array(32)
/** In the place of a signature that nothing checks, because a later one covers the commit. */
const UNSIGNED: Uint8Array = new Uint8Array(64)
