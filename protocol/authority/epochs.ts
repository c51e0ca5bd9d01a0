import { equalBytes, toHex } from '../encoding/index.ts'
import type { Role } from '../document/index.ts'
import type { Allowance } from '../evaluation/index.ts'
import { Epoch, LineMap } from './epoch.ts'
import type { EpochVotes, Government } from './epoch.ts'
import { tipOf } from './line.ts'

/** What a committed seal changes beside who decides: devices, members and commits in hex. */
export interface Outcome extends Government {
  readonly closed: readonly string[]
  readonly removed: readonly string[]
  readonly roles: readonly { member: string; role: Role; scopes: readonly string[] | null }[]
  readonly gifts: readonly { device: string; count: number }[]
  readonly lifted: readonly string[]
  /** Null when it stays. */
  readonly floor: number | null
  readonly allowances: readonly Allowance[]
}

/** A record that held for somebody: what it names is found. */
export interface HeldSeal {
  readonly id: Uint8Array
  readonly parent: Epoch
  readonly isRecovery: boolean
  /** Proposal (hex) that it decides; null for none. */
  readonly proposal: string | null
  /** Commits up to which chains (hex) are settled. */
  readonly frontier: readonly { device: string; order: number }[]
  readonly forks: readonly { device: string; seq: number }[]
  readonly left: readonly string[]
  readonly outcome: Outcome
}

/** A chain that a seal closes because of who admitted it: it stands on an admission of a member that the seal removes. */
export interface Closing {
  device: string
  epoch: Epoch
  /** Commit of the admission, hex. A chain that stands on another admission of the same key is not meant. */
  admission: string
}

/** All epochs that are committed, and the line that is chosen of them. */
export class EpochTree {
  readonly #coop: Uint8Array
  #founding: Epoch
  #tip: Epoch
  readonly #byName = new Map<string, Epoch>()
  /** True once an epoch has two committed children: then signatures that turn up can move the line. */
  #isSplit = false
  #fresh: Epoch[] = []
  #closings: Closing[] = []
  /** By device: order of the commit up to which a line settles the chain. */
  readonly frontiers: LineMap<number> = new LineMap()
  readonly closed: LineMap<'closed' | 'left'> = new LineMap()
  /** By member. */
  readonly removed: LineMap<true> = new LineMap()
  /** By member. */
  readonly roles: LineMap<{ role: Role; scopes: readonly string[] | null }> = new LineMap()
  /** By device: slots given. */
  readonly gifts: LineMap<number> = new LineMap()
  /** By device: the lowest seq at which its chain is said to part. */
  readonly forks: LineMap<number> = new LineMap()
  /** By proposal. */
  readonly decided: LineMap<true> = new LineMap()
  /** By commit of the suspension. */
  readonly lifted: LineMap<true> = new LineMap()

  constructor(coop: Uint8Array) {
    this.#coop = coop
    this.#founding = foundingEpoch(coop)
    this.#tip = this.#founding
    this.clear()
  }

  /** The epoch of the genesis; without stewards until that is known. */
  get founding(): Epoch {
    return this.#founding
  }

  /** The last epoch of the chosen line. */
  get tip(): Epoch {
    return this.#tip
  }

  /** All epochs, parents first. */
  all(): Iterable<Epoch> {
    return this.#byName.values()
  }

  /** A committed epoch by its id, as bytes or in hex; null when it is none. */
  find(id: Uint8Array | string): Epoch | null {
    if (typeof id === 'string') return this.#byName.get(id) ?? null
    return equalBytes(id, this.#tip.id) ? this.#tip : (this.#byName.get(toHex(id)) ?? null)
  }

  /** True when a past holds a certificate of the epoch. */
  isKnown(epoch: Epoch, knows: (order: number) => boolean): boolean {
    return epoch.votes.isIn(knows)
  }

  /** True when a past holds a certificate of an epoch that follows this one. */
  isOutdated(epoch: Epoch, knows: (order: number) => boolean): boolean {
    // Whoever signed a grandchild knew the child: its certificate is in the same past.
    return epoch.children.some((child) => child.votes.isIn(knows))
  }

  /** Commits that make up a certificate of the epoch, ascending by order; none for the founding one. */
  certificateOf(epoch: Epoch): readonly number[] {
    return epoch.votes.certificate
  }

  /** Epochs that were committed since the last call, parents first; never the founding one. */
  takeCommitted(): Epoch[] {
    const fresh = this.#fresh
    this.#fresh = []
    return fresh
  }

  /** Closings that turned up since the last call, with or after their seals. */
  takeClosings(): Closing[] {
    const closings = this.#closings
    this.#closings = []
    return closings
  }

  /** Commits a seal. True when the tip moved. */
  add(seal: HeldSeal, votes: EpochVotes): Epoch {
    const { id, parent, isRecovery, proposal, outcome } = seal
    const { stewards, rules, closed, removed } = outcome
    const facts = {
      frontier: seal.frontier.map((it) => it.order),
      closed: [...new Set([...closed, ...seal.left])],
      floor: outcome.floor ?? parent.facts.floor,
      forkProofs: seal.forks,
      allowances: outcome.allowances,
    }
    const removals = removed.length
    const epoch = new Epoch({
      ...{ id, parent, isRecovery, stewards, rules, facts, proposal, removals, votes },
    })
    parent.children.push(epoch)
    this.#byName.set(epoch.name, epoch)
    this.#fresh.push(epoch)
    for (const { device, order } of seal.frontier) this.frontiers.set(device, epoch, order)
    for (const { device, seq } of seal.forks)
      this.forks.set(device, epoch, Math.min(seq, this.forks.at(device, parent) ?? Infinity))
    for (const device of seal.left) this.closed.set(device, epoch, 'left')
    for (const device of closed) this.closed.set(device, epoch, 'closed')
    for (const member of removed) this.removed.set(member, epoch, true)
    for (const { member, role, scopes } of outcome.roles) this.roles.set(member, epoch, { role, scopes })
    for (const { device, count } of outcome.gifts) this.gifts.set(device, epoch, count)
    for (const commit of outcome.lifted) this.lifted.set(commit, epoch, true)
    if (proposal !== null) this.decided.set(proposal, epoch, true)
    this.#isSplit ||= parent.children.length > 1
    if (this.#isSplit) this.#tip = tipOf(this.#founding)
    else this.#tip = epoch
    return epoch
  }

  /** Told of a signature beyond those that committed a seal. True when the tip moved. */
  weighAnew(): boolean {
    const before = this.#tip
    if (this.#isSplit) this.#tip = tipOf(this.#founding)
    return this.#tip !== before
  }

  addClosing(closing: Closing): void {
    this.#closings.push(closing)
  }

  /** Forgets all seals. */
  clear(): void {
    this.#founding = foundingEpoch(this.#coop)
    this.#tip = this.#founding
    this.#isSplit = false
    this.#fresh = []
    this.#closings = []
    this.#byName.clear()
    this.#byName.set(this.#founding.name, this.#founding)
    const { frontiers, closed, removed, roles, gifts, forks, decided, lifted } = this
    for (const map of [frontiers, closed, removed, roles, gifts, forks, decided, lifted]) map.clear()
  }
}

/** What is settled before anything was decided. */
function foundingEpoch(coop: Uint8Array): Epoch {
  return new Epoch({
    ...{ id: coop, parent: null, isRecovery: false, proposal: null, removals: 0 },
    ...{ stewards: new Map(), rules: { quorum: 'two-thirds', recovery: 'kits' } },
    facts: { frontier: [], closed: [], floor: 0, forkProofs: [], allowances: [] },
    votes: {
      certificate: [],
      isIn: () => true,
      isDoubleSigner: () => false,
      signedBy: () => new Map(),
      attempt: () => 0,
    },
  })
}
