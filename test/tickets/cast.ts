import { expect } from 'vitest'
import type { CommitRecord, Section } from '#protocol/commit'
import type { Signer } from '#protocol/identity'
import type { AuthorResult, Replica, TakenCommit } from '#protocol/replica'
import { nodeCrypto } from '#node/crypto'
import { settleDocuments } from '#simulations/mesh'
import { Cast } from '../actors/cast.ts'

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

const cast = new Cast(DEVICES)

/** The devices of all histories. */
export const CAST: {
  readonly signers: readonly Signer[]
  enter(signer: Signer, log?: readonly CommitRecord[]): Place
} = {
  signers: cast.signers,
  /** A device that knows what all know, or more. */
  enter: (signer, log = cast.log) => {
    const place = new Place(cast.replicaOf(signer), signer)
    place.take(log)
    return place
  },
}
