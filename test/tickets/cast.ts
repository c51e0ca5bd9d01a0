import { expect } from 'vitest'
import type { CommitRecord, Section } from '#protocol/commit'
import { foundCoop, openReplica } from '#protocol/coop'
import type { Signer } from '#protocol/identity'
import type { AuthorResult, Replica, TakenCommit } from '#protocol/replica'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { seededRandom, settleDocuments } from '#simulations/mesh'
import type { SeededRandom } from '#simulations/mesh'
import { simCrypto } from '#simulations/peers'
import { admitSection, inviteSection, must } from '../actors/coop-actors.ts'

/** Devices that admit people or may come to, the founder's first. */
const DEVICES = 8

/** A device with all that it stores. */
export class Place {
  readonly replica: Replica
  readonly signer: Signer
  /** Its commits in the order in which it stored them. */
  readonly log: CommitRecord[] = []
  /** How much of it each other device got from it. */
  readonly #sent = new Map<Place, number>()

  constructor(replica: Replica, signer: Signer) {
    this.replica = replica
    this.signer = signer
  }

  author(sections: readonly Section[], nowMs: number = 2_000): AuthorResult {
    const result = this.replica.author(sections, nowMs)
    if (result.ok) this.#write(result.stored)
    return result
  }

  /** Takes what it lacks of another's log. */
  hear(other: Place): void {
    const { replica } = this
    const news = other.log.slice(other.#sent.get(this) ?? 0)
    other.#sent.set(this, other.log.length)
    this.take(news.filter((record) => replica.history.find(record.id) < 0))
  }

  take(records: readonly CommitRecord[]): void {
    if (records.length === 0) return
    const { stored, refused, waiting } = this.replica.ingest(records)
    expect([refused.length, waiting.length]).toEqual([0, 0])
    this.#write(stored)
  }

  #write(stored: readonly TakenCommit[]): void {
    for (const { record } of stored) this.log.push(record)
    const { sha256 } = nodeCrypto()
    settleDocuments(this.replica, (order) => this.log[order]?.bytes ?? new Uint8Array(), sha256)
  }
}

/** Each signature is checked once for all devices. */
const { crypto: CRYPTO, rule: RULE } = simCrypto({
  mode: 'real',
  sha256: nodeCrypto().sha256,
  key: new Uint8Array(32),
  port: { verify: nodeCrypto().verify, signer: nodeSigner },
})

/** The co-op that all histories begin with: the founder's device has admitted the others. */
class Cast {
  readonly signers: readonly Signer[]
  readonly #coop: Uint8Array
  readonly #log: CommitRecord[] = []

  constructor(random: SeededRandom) {
    const device = nodeSigner(random.bytes(32))
    const founding = foundCoop(
      {
        ...{ name: 'North Market', memberName: 'Ada', deviceName: 'nas', nowMs: 0, slots: DEVICES },
        ...{ kit: nodeSigner(random.bytes(32)), nonce: random.bytes(16), device, rule: RULE },
      },
      CRYPTO,
    )
    if (!founding.ok) throw new Error(founding.refusal)
    const { coop, replica, stored } = founding
    this.#coop = coop
    this.#keep(stored)
    const others = Array.from({ length: DEVICES - 1 }, () => {
      const signer = nodeSigner(random.bytes(32))
      const secret = random.bytes(16)
      const tools = { crypto: CRYPTO, random, secret }
      for (const section of [inviteSection(secret, 'venue', CRYPTO), admitSection(coop, signer, tools)])
        this.#keep(must(replica.author([section], 1_000)).stored)
      return signer
    })
    this.signers = [device, ...others]
  }

  /** A device that knows that, or more. */
  enter(signer: Signer, log: readonly CommitRecord[] = this.#log): Place {
    const replica = openReplica({ coop: this.#coop, crypto: CRYPTO, signer, rule: RULE })
    const place = new Place(replica, signer)
    place.take(log)
    return place
  }

  #keep(stored: readonly TakenCommit[]): void {
    for (const { record } of stored) this.#log.push(record)
  }
}

/** The one cast. */
export const CAST: Cast = new Cast(seededRandom(1))
