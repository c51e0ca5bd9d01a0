import { compareBytes } from '../encoding/index.ts'
import { Trail, push } from './act.ts'
import type { Act, BallotRefusal } from './act.ts'
import type { Epoch, EpochVotes } from './epoch.ts'
import type { HeldSeal } from './epochs.ts'
import type { SealRecord } from './seal-record.ts'

/** True for every commit that is asked for. */
export type Knows = (order: number) => boolean

/** Who said something, hex, and in which commits. */
type Voices = Map<string, number[]>

/** A record that somebody supports. */
export interface Candidate {
  readonly id: Uint8Array
  readonly name: string
  readonly bytes: Uint8Array
  readonly record: SealRecord
  readonly held: HeldSeal
  /** Commits that hold its bytes. */
  readonly heldBy: number[]
  readonly supports: Map<number, Voices>
  readonly signs: Map<number, Voices>
  /** What it became once it was committed. */
  epoch: Epoch | null
}

/** What the acts of a chain at this epoch left behind. */
export interface ChainState {
  readonly round: number
  /** The seal (hex) that it supports in this round; null for none yet. */
  readonly supported: string | null
}

/** How the stewards of one epoch agree on one child of it (docs/protocol/authority.md, Ballots). */
export class Ballot {
  readonly epoch: Epoch
  /** By id, hex. */
  readonly candidates: Map<string, Candidate> = new Map()
  /** Stewards (hex) who signed different seals on two branches of their chains. */
  readonly doubleSigners: Set<string> = new Set()
  readonly #chains = new Trail<ChainState>()
  /** By device, hex: its newest act, by order. */
  readonly #lastActs = new Map<string, number>()
  /** By steward, hex: the highest round first. */
  readonly #advances = new Map<string, { order: number; round: number }[]>()
  /** Seals that a quorum of stored acts supports in a round: the highest round first, of one round the lower id. */
  readonly #prepared: { round: number; candidate: Candidate }[] = []

  constructor(epoch: Epoch) {
    this.epoch = epoch
  }

  /** Why a support, or a signature, of this seal has no place in the ballot; null when it has. Not for `not-prepared`. */
  refusalOf(seal: string, round: number, act: Act): BallotRefusal | null {
    const { round: before, supported } = this.stateOf(act)
    if (round < before) return 'round-passed'
    if (round === before && supported !== null && supported !== seal) return 'supported-another'
    const knows: Knows = (order) => act.knows(order)
    if (!this.#isOpen(round, knows)) return 'round-closed'
    const prepared = this.preparedBelow(round, knows)
    return prepared === null || prepared.name === seal ? null : 'prepared-another'
  }

  /** Why the chain may not advance to the round; null when it may. */
  advanceRefusal(round: number, act: Act): 'round-passed' | 'round-ahead' | null {
    if (round <= this.stateOf(act).round) return 'round-passed'
    return this.#isOpen(round - 1, (order) => act.knows(order)) ? null : 'round-ahead'
  }

  /** What the author's own chain did at this epoch before. */
  stateOf(act: Act): ChainState {
    return this.#chains.before(act) ?? FRESH
  }

  /** What a device (hex) did at this epoch, as of its newest act. */
  endOf(device: string): ChainState {
    return this.#chains.last(device) ?? FRESH
  }

  /** Order of the commit in which a device (hex) acted here last; null where it did not. */
  lastActOf(device: string): number | null {
    return this.#lastActs.get(device) ?? null
  }

  /** Stewards (hex) with the highest round that each has advanced to. */
  advances(): ReadonlyMap<string, number> {
    return new Map([...this.#advances].map(([steward, said]) => [steward, said[0]?.round ?? 0]))
  }

  /** Stewards that advanced to a round or beyond. */
  advancedTo(round: number, knows: Knows): number {
    let count = 0
    for (const advances of this.#advances.values())
      if (advances.some((it) => it.round >= round && knows(it.order))) count += 1
    return count
  }

  /** Of the highest round below this one in which a seal was prepared in a past: that seal, of two the one of the lower id. */
  preparedBelow(round: number, knows: Knows): Candidate | null {
    for (const { round: at, candidate } of this.#prepared)
      if (at < round && countOf(candidate.supports.get(at), knows) >= this.epoch.quorum) return candidate
    return null
  }

  /** True when a past holds the supports of a quorum for the seal at any round. */
  isPrepared(candidate: Candidate, knows: Knows): boolean {
    return this.#prepared.some(
      (it) =>
        it.candidate === candidate && countOf(candidate.supports.get(it.round), knows) >= this.epoch.quorum,
    )
  }

  /** Takes in a valid support; a signature is one as well. */
  support(candidate: Candidate, round: number, act: Act): void {
    this.#lastActs.set(act.device, act.order)
    const steward = this.#stewardOf(act)
    const { round: before, supported } = this.stateOf(act)
    // What the chain said before is in the past of whoever knows this one.
    if (before !== round || supported !== candidate.name) {
      this.#chains.add(act, { round, supported: candidate.name })
      addVoice(candidate.supports, round, steward, act.order)
      const voices = candidate.supports.get(round)
      if (voices?.size === this.epoch.quorum) this.#prepare(round, candidate)
    }
  }

  /** Takes in a valid signature. True when it is the one that commits the seal. */
  sign(candidate: Candidate, round: number, act: Act): boolean {
    this.support(candidate, round, act)
    const steward = this.#stewardOf(act)
    for (const other of this.candidates.values())
      for (const voices of other === candidate ? [] : other.signs.values())
        if (voices.get(steward)?.some((order) => !act.follows(order)) === true)
          this.doubleSigners.add(steward)
    const known = candidate.signs.get(round)?.get(steward)
    if (known?.some((order) => act.follows(order)) !== true)
      addVoice(candidate.signs, round, steward, act.order)
    return candidate.epoch === null && (candidate.signs.get(round)?.size ?? 0) >= this.epoch.quorum
  }

  advance(round: number, act: Act): void {
    this.#lastActs.set(act.device, act.order)
    this.#chains.add(act, { round, supported: null })
    const steward = this.#stewardOf(act)
    const advances = this.#advances.get(steward) ?? []
    this.#advances.set(steward, advances)
    const at = advances.findIndex((it) => it.round < round)
    advances.splice(at < 0 ? advances.length : at, 0, { order: act.order, round })
  }

  #prepare(round: number, candidate: Candidate): void {
    if (this.#prepared.some((it) => it.round === round && it.candidate === candidate)) return
    this.#prepared.push({ round, candidate })
    this.#prepared.sort((a, b) => b.round - a.round || compareBytes(a.candidate.id, b.candidate.id))
  }

  /** A round is open in a past once a quorum has given up those before. */
  #isOpen(round: number, knows: Knows): boolean {
    return round === 0 || this.advancedTo(round, knows) >= this.epoch.quorum
  }

  #stewardOf(act: Act): string {
    return this.epoch.signers.get(act.device) ?? ''
  }
}

/** How a candidate shows that it was committed. */
export function votesOf(candidate: Candidate, ballot: Ballot): EpochVotes {
  const { quorum } = ballot.epoch
  const certificate: number[] = []
  for (const voices of candidate.signs.values())
    if (voices.size >= quorum && certificate.length === 0)
      for (const orders of voices.values()) certificate.push(orders[0] ?? -1)
  certificate.sort((a, b) => a - b)
  return {
    certificate,
    isIn: (knows) =>
      certificate.every(knows) ||
      [...candidate.signs.values()].some((voices) => countOf(voices, knows) >= quorum),
    attempt: () => 0,
    isDoubleSigner: (steward) => ballot.doubleSigners.has(steward),
    signedBy: () => {
      const rounds = new Map<string, Set<number>>()
      for (const [round, voices] of candidate.signs)
        for (const steward of voices.keys())
          rounds.set(steward, (rounds.get(steward) ?? new Set()).add(round))
      return rounds
    },
  }
}

/** Those of whom a past holds one of the commits. */
export function countOf(voices: Voices | undefined, knows: Knows): number {
  let count = 0
  for (const orders of voices?.values() ?? []) if (orders.some(knows)) count += 1
  return count
}

/** Notes that somebody spoke in a round. */
export function addVoice(rounds: Map<number, Voices>, round: number, who: string, order: number): void {
  const voices = rounds.get(round) ?? new Map<string, number[]>()
  rounds.set(round, voices)
  push(voices, who, order)
}

const FRESH: ChainState = { round: 0, supported: null }
