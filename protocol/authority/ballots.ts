import { equalBytes, toHex } from '../encoding/index.ts'
import type { Sha256 } from '../identity/index.ts'
import type { Act, ActVerdict, AuthorityRefusal } from './act.ts'
import { Ballot } from './ballot.ts'
import type { Candidate, Knows } from './ballot.ts'
import type { AdvanceEntry, VoteEntry } from './entries.ts'
import type { Epoch } from './epoch.ts'
import type { HeldSeal } from './epochs.ts'
import { holdSeal } from './seal-check.ts'
import type { SealCheckParts } from './seal-check.ts'
import { decodeSeal } from './seal-record.ts'
import type { SealRecord } from './seal-record.ts'

/** What ballots stand on. */
export interface BallotParts extends SealCheckParts {
  sha256: Sha256
  /** A quorum has signed. */
  commit(candidate: Candidate): void
  /** Something else was signed. */
  weighAnew(): void
}

/** The ballots of all epochs. */
export class Ballots {
  readonly #parts: BallotParts
  readonly #byEpoch = new Map<Epoch, Ballot>()

  constructor(parts: BallotParts) {
    this.#parts = parts
  }

  /** The ballot for the child of an epoch. */
  at(epoch: Epoch): Ballot {
    const known = this.#byEpoch.get(epoch)
    if (known !== undefined) return known
    const ballot = new Ballot(epoch)
    this.#byEpoch.set(epoch, ballot)
    return ballot
  }

  vote(entry: VoteEntry, act: Act): ActVerdict {
    const { cited } = act
    if (!cited.signers.has(act.device)) return 'not-steward'
    const ballot = this.at(cited)
    const { round } = entry
    const knows: Knows = (order) => act.knows(order)
    const found = this.#find(entry, ballot, act)
    if (found === null) return 'record'
    const candidate = ballot.candidates.get(found.name) ?? null
    // What a quorum found to hold is held: else a fork or a decline that turns up then would end the ballot for ever.
    const isHeld = candidate !== null && ballot.isPrepared(candidate, knows)
    const held = isHeld ? candidate.held : holdSeal(found, act, this.#parts)
    if (typeof held === 'string') return held
    const refusal = ballot.refusalOf(found.name, round, act)
    if (refusal !== null) return refusal
    if (entry.t === 'sign' && !willBePrepared(candidate, round, act)) return 'not-prepared'
    return () => {
      const seal = this.#candidate(ballot, found, held)
      if (entry.seal.length !== 32) seal.heldBy.push(act.order)
      if (entry.t === 'support') ballot.support(seal, round, act)
      else if (ballot.sign(seal, round, act)) this.#parts.commit(seal)
      else this.#parts.weighAnew()
    }
  }

  advance(entry: AdvanceEntry, act: Act): ActVerdict {
    const { cited } = act
    if (!cited.signers.has(act.device)) return 'not-steward'
    if (!equalBytes(entry.parent, cited.id)) return 'parent'
    const ballot = this.at(cited)
    const refusal: AuthorityRefusal | null = ballot.advanceRefusal(entry.round, act)
    return refusal ?? (() => ballot.advance(entry.round, act))
  }

  clear(): void {
    this.#byEpoch.clear()
  }

  /** The record that a vote is for; null when it brings none, or names one that its past does not hold. */
  #find(entry: VoteEntry, ballot: Ballot, act: Act): Found | null {
    if (entry.t === 'sign' && entry.seal.length === 32) {
      const known = ballot.candidates.get(toHex(entry.seal))
      return known?.heldBy.some((order) => act.knows(order)) === true ? known : null
    }
    const id = this.#parts.sha256(entry.seal)
    const name = toHex(id)
    const known = ballot.candidates.get(name)
    if (known !== undefined) return known
    // The payload may be a part of a frame of many commits, which must not stay for it.
    const bytes = entry.seal.slice()
    const record = decodeSeal(bytes)
    return record === null ? null : { id: id.slice(), name, bytes, record }
  }

  #candidate(ballot: Ballot, { id, name, bytes, record }: Found, held: HeldSeal): Candidate {
    const known = ballot.candidates.get(name)
    if (known !== undefined) return known
    const voices = { heldBy: [], supports: new Map(), signs: new Map() }
    const candidate: Candidate = { id, name, bytes, record, held, ...voices, epoch: null }
    ballot.candidates.set(name, candidate)
    return candidate
  }
}

interface Found {
  readonly id: Uint8Array
  readonly name: string
  readonly bytes: Uint8Array
  readonly record: SealRecord
}

/** True when with the author's own support a quorum supports the seal in this round, in the act's past. */
function willBePrepared(candidate: Candidate | null, round: number, act: Act): boolean {
  const { quorum, signers } = act.cited
  const voices = candidate?.supports.get(round)
  const own = signers.get(act.device)
  let count = 1
  for (const [steward, orders] of voices ?? [])
    if (steward !== own && orders.some((order) => act.knows(order))) count += 1
  return count >= quorum
}
