import { quorumOf } from '#protocol/authority'
import type { Epoch } from '#protocol/authority'
import type { SimNode } from './sim-node.ts'

/** A seal that was the tip at a node that follows the protocol. */
export interface SeenSeal {
  readonly name: string
  /** Id (hex) of the epoch before; null for the founding one. */
  readonly parent: string | null
  readonly height: number
  readonly isRecovery: boolean
  /** True when it says nothing but how far chains have come. */
  readonly isIdle: boolean
  /** Keys (hex) of the devices that signed for stewards of the epoch before, and how many of them must agree. */
  readonly signers: readonly string[]
  readonly quorum: number
  /** The node that had it as its tip first, and when. */
  readonly node: number
  readonly atUs: number
}

/** What nodes that follow the protocol took for the line in one run, and what keepers voted for. */
export class LineBook {
  readonly #nowUs: () => number
  readonly #onSeal: (epoch: Epoch) => void
  readonly #onDoubleVote: () => void
  /** By id, hex: every epoch that was a tip. */
  readonly tips: Map<string, SeenSeal> = new Map()
  /** By device, epoch and round: seals that were supported or signed there. */
  readonly #voted = new Map<string, Set<string>>()
  /** Commit (hex) that was settled, by device and seq: as checkers found it first. */
  readonly settled: Map<string, { commit: string; node: number }> = new Map()
  /** Node (slot) and seal of which a checker has seen that a quorum decided it. */
  readonly verified: Set<string> = new Set()
  /** By device (hex) that was closed at a node: the seals with which. */
  readonly closed: Map<string, Set<string>> = new Map()

  constructor(parts: { nowUs: () => number; onSeal: (epoch: Epoch) => void; onDoubleVote: () => void }) {
    this.#nowUs = parts.nowUs
    this.#onSeal = parts.onSeal
    this.#onDoubleVote = parts.onDoubleVote
  }

  /** A node has this tip. True when no other had it before. */
  sees({ number }: SimNode, tip: Epoch): boolean {
    const isNew = !this.tips.has(tip.name)
    for (let at: Epoch | null = tip; at !== null && !this.tips.has(at.name); at = at.parent) {
      const { name, parent, height, isRecovery } = at
      const voters = parent ?? at
      // Worked out here: an epoch at a node with a bug may say anything.
      const quorum = quorumOf(voters.stewards.size, voters.rules.quorum)
      this.tips.set(name, {
        ...{ name, parent: parent?.name ?? null, height, isRecovery, isIdle: isIdle(at) },
        ...{ signers: [...voters.signers.keys()], quorum },
        ...{ node: number, atUs: this.#nowUs() },
      })
      if (parent !== null) this.#onSeal(at)
    }
    return isNew
  }

  /** A keeper supported or signed a seal (hex) in a round of an epoch. */
  votes(device: string, place: string, seal: string): void {
    const key = `${device}/${place}`
    const seals = this.#voted.get(key) ?? new Set()
    const before = seals.size
    this.#voted.set(key, seals.add(seal))
    if (before === 1 && seals.size === 2) this.#onDoubleVote()
  }
}

function isIdle({ parent, isRecovery, proposal, facts }: Epoch): boolean {
  const saysNothing = proposal === null && facts.closed.length + facts.forkProofs.length === 0
  return parent !== null && !isRecovery && saysNothing
}
