import { toHex } from '../encoding/index.ts'
import type { SealFacts } from '../evaluation/index.ts'
import type { Rules } from './change.ts'

/** Who decides under an epoch, and by which rules. */
export interface Government {
  /** Device (hex) that signs for each steward (hex, the member's kit). */
  readonly stewards: ReadonlyMap<string, string>
  readonly rules: Rules
}

/** What makes an epoch; all of it follows from the record and the line of its parent. */
export interface EpochInit extends Government {
  id: Uint8Array
  parent: Epoch | null
  isRecovery: boolean
  facts: Omit<SealFacts, 'id' | 'parent'>
  /** Proposal (hex) that it decides; null for none. */
  proposal: string | null
  /** Members that it removes. */
  removals: number
  votes: EpochVotes
}

/** The acts that committed a seal, and those that came later. */
export interface EpochVotes {
  /** Commits that make up a certificate, ascending by order. */
  readonly certificate: readonly number[]
  /** True when a past holds a certificate: a quorum of signatures of one round, or of voices of one attempt. */
  isIn(knows: (order: number) => boolean): boolean
  /** True when the steward (hex) of the parent signed different seals on two branches of its chain. */
  isDoubleSigner(steward: string): boolean
  /** Of a recovery the highest attempt at which a quorum spoke for it; 0 of a seal. */
  attempt(): number
  /** Rounds in which each steward (hex) of the parent signed it; none of a recovery. */
  signedBy(): ReadonlyMap<string, ReadonlySet<number>>
}

/** A committed seal, or the founding epoch. */
export class Epoch {
  readonly id: Uint8Array
  /** The id in hex. */
  readonly name: string
  readonly parent: Epoch | null
  readonly isRecovery: boolean
  /** Distance from the founding epoch. */
  readonly height: number
  /** What it says of commits. */
  readonly facts: EpochInit['facts']
  readonly proposal: string | null
  readonly removals: number
  readonly votes: EpochVotes
  /** Committed seals that follow it. */
  readonly children: Epoch[] = []
  #government: Government
  /** Steward (hex) by the device (hex) that signs for it. */
  #signers: ReadonlyMap<string, string>
  /** A further ancestor, so that the way to any is short: its distance doubles as the line grows. */
  readonly #jump: Epoch

  constructor(init: EpochInit) {
    const { id, parent, isRecovery, facts, proposal, removals, votes } = init
    this.id = id
    this.name = toHex(id)
    this.parent = parent
    this.isRecovery = isRecovery
    this.height = parent === null ? 0 : parent.height + 1
    this.facts = facts
    this.proposal = proposal
    this.removals = removals
    this.votes = votes
    this.#government = init
    this.#signers = signersOf(init)
    this.#jump = parent === null ? this : parent.jumpOfChild()
  }

  /** Device (hex) that signs for each steward (hex). */
  get stewards(): ReadonlyMap<string, string> {
    return this.#government.stewards
  }

  /** Steward (hex) by the device (hex) that signs for it. */
  get signers(): ReadonlyMap<string, string> {
    return this.#signers
  }

  get rules(): Rules {
    return this.#government.rules
  }

  /** Stewards that must agree. */
  get quorum(): number {
    return quorumOf(this.stewards.size, this.rules.quorum)
  }

  /** The founding epoch exists before anybody knows who founded. */
  found(government: Government): void {
    this.#government = government
    this.#signers = signersOf(government)
  }

  /** True when the other epoch is this one or follows it. */
  isAtOrBefore(other: Epoch): boolean {
    return this.height <= other.height && Epoch.#ancestor(other, this.height) === this
  }

  /** Where the way down from a child of this epoch goes by leaps. */
  jumpOfChild(): Epoch {
    const jump = this.#jump
    return this.height - jump.height === jump.height - jump.#jump.height ? jump.#jump : this
  }

  static #ancestor(epoch: Epoch, height: number): Epoch {
    let at = epoch
    while (at.height > height) at = at.#jump.height >= height ? at.#jump : (at.parent ?? at)
    return at
  }
}

/** Of n stewards: more than two thirds, or by the rule `majority` more than half. */
export function quorumOf(stewards: number, rule: Rules['quorum']): number {
  return Math.floor(rule === 'majority' ? stewards / 2 : (2 * stewards) / 3) + 1
}

/** What seals say of keys, each until a later one of the line says otherwise. */
export class LineMap<T> {
  readonly #said = new Map<string, { epoch: Epoch; value: T }[]>()

  set(key: string, epoch: Epoch, value: T): void {
    const said = this.#said.get(key)
    if (said === undefined) this.#said.set(key, [{ epoch, value }])
    else said.push({ epoch, value })
  }

  /** What the line of `epoch` says last; undefined for nothing. */
  at(key: string, epoch: Epoch): T | undefined {
    if (this.#said.size === 0) return undefined
    // Of one line parents come first.
    return this.#said.get(key)?.findLast((it) => it.epoch.isAtOrBefore(epoch))?.value
  }

  has(key: string, epoch: Epoch): boolean {
    return this.#said.get(key)?.some((it) => it.epoch.isAtOrBefore(epoch)) ?? false
  }

  /** All that was said of a key, on whichever line. */
  of(key: string): readonly { epoch: Epoch; value: T }[] {
    return this.#said.get(key) ?? NOTHING
  }

  clear(): void {
    this.#said.clear()
  }
}

const NOTHING: readonly never[] = []

function signersOf({ stewards }: Government): ReadonlyMap<string, string> {
  return new Map([...stewards].map(([member, device]) => [device, member]))
}
