import type { Account, AccountTable } from './account-table.ts'
import { isAmount } from './act.ts'
import type { Allowance } from './act.ts'
import { isAtOrBefore } from './branches.ts'
import type { Branch, Branches, Place } from './branches.ts'
import type { DeviceTable } from './device-table.ts'
import { savePlace } from './branches.ts'
import { reachOn } from './line.ts'
import type { Line } from './line.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'

/** Seal number of the founding epoch. */
export const FOUNDING = 0

/** What a seal says, as far as commits are judged by it. */
export interface SealFacts {
  /** Id of the seal, as text. */
  id: string
  /** Seal number of the parent, as `addSeal` returned it. */
  parent: number
  /**
   * Commits, by order, up to which chains are settled; at most one a device, each at or after the parent's on
   * the same branch. A device that is left out keeps the parent's.
   */
  frontier: readonly number[]
  /** Keys of devices whose commits above the frontier are late from now on; closed for good on this line. */
  closed: readonly string[]
  /**
   * Oldest epoch, by its distance from the founding one, that chains may still cite outside the frontier. At
   * most the seal's own distance; a lower one than the parent's changes nothing.
   */
  floor: number
  /** Forks known to the stewards: the seq at which the device's chain parts. */
  forkProofs: readonly { device: string; seq: number }[]
  allowances: readonly Allowance[]
}

/** Why a seal cannot stand, whatever its signatures. */
export type SealRefusal = 'frontier-twice' | 'frontier-off-branch' | 'floor-above-seal'

/** An allowance on its way into a chain. */
export interface IssuedAllowance {
  readonly seal: number
  readonly device: number
  readonly account: Account
  readonly amount: bigint
  /** Device against whose loss account it is issued; null for none. */
  readonly against: number | null
  /** Commits that took it, one on each branch that did. */
  takenAt: Place[]
}

/** A seal and what follows from its line. */
export interface Seal {
  readonly id: string
  readonly parent: Seal | null
  /** Number in the tree. */
  readonly index: number
  /** Distance from the founding epoch. */
  readonly height: number
  /** The highest floor of the line. */
  readonly floor: number
  readonly forkProofs: ReadonlyMap<number, number>
  readonly allowances: readonly IssuedAllowance[]
  readonly line: SealLine
  /** As the seal says it. */
  readonly facts: SealFacts
}

interface SealLine extends Line {
  readonly parent: SealLine | null
  last: number
}

/** All seals of which the parent is known. Numbers are local: they tell the order of arrival here. */
export class SealTree {
  readonly #branches: Branches
  readonly #devices: DeviceTable
  readonly #accounts: AccountTable
  readonly #seals: Seal[] = []
  readonly #numbers = new Map<string, number>()
  /** Frontiers of each device in the order in which their seals arrived; on one line that is upwards. */
  readonly #frontiers = new Map<number, { seal: Seal; place: Place }[]>()
  readonly #closings = new Map<number, Seal[]>()
  /** By order of a first commit: seals that close the chains from there. */
  readonly #closedFrom = new Map<number, Seal[]>()
  /** In the order in which their seals arrived. */
  readonly #allowances = new Map<number, IssuedAllowance[]>()

  constructor(
    branches: Branches,
    { devices, accounts }: { devices: DeviceTable; accounts: AccountTable },
    founding: readonly Allowance[],
  ) {
    this.#branches = branches
    this.#devices = devices
    this.#accounts = accounts
    this.#add(null, { ...FOUNDING_FACTS, allowances: founding })
  }

  /** Number of a seal, or -1 when it is not here. */
  find(id: string): number {
    return this.#numbers.get(id) ?? -1
  }

  at(index: number): Seal {
    const seal = this.#seals[index]
    if (seal === undefined) throw new RangeError(`no seal ${index}`)
    return seal
  }

  refusalOf(facts: SealFacts): SealRefusal | null {
    const parent = this.at(facts.parent)
    if (facts.floor > parent.height + 1) return 'floor-above-seal'
    const named = new Set<number>()
    for (const order of facts.frontier) {
      const place = this.#branches.placeOf(order)
      if (named.has(place.branch.device)) return 'frontier-twice'
      named.add(place.branch.device)
      const before = this.frontierOf(parent, place.branch.device)
      if (before !== null && !isAtOrBefore(before, place)) return 'frontier-off-branch'
    }
    return null
  }

  /** Adds a seal that is not refused and not here yet. */
  add(facts: SealFacts): Seal {
    return this.#add(this.at(facts.parent), facts)
  }

  /** True when the first seal is the second or one of its ancestors. */
  isAtOrBefore(earlier: Seal, later: Seal): boolean {
    return earlier.height <= reachOn(earlier.line, later.line, later.height)
  }

  /** How far the line up to `seal` settles the device's chain; null for not at all. */
  frontierOf(seal: Seal, device: number): Place | null {
    const named = this.#frontiers.get(device)
    return named?.findLast((it) => this.isAtOrBefore(it.seal, seal))?.place ?? null
  }

  /** True when a seal of the line up to `seal` closes the branch's device, or the chains from its first commit. */
  isClosed(seal: Seal, branch: Branch): boolean {
    const isOnLine = (it: Seal): boolean => this.isAtOrBefore(it, seal)
    if (this.#closings.get(branch.device)?.some(isOnLine) === true) return true
    if (this.#closedFrom.size === 0) return false
    let root = branch
    while (root.parent !== null) root = root.parent
    return this.#closedFrom.get(root.first)?.some(isOnLine) ?? false
  }

  /** True when from the seal no chain is closed, late or known to have forked, whatever the line. */
  isPlain(seal: Seal): boolean {
    return this.#closings.size === 0 && this.#closedFrom.size === 0 && seal.floor === 0
  }

  /** Closes the chains that begin with a first commit, beside the devices that the seal names. Once is enough. */
  closeFrom(first: number, seal: Seal): void {
    if (this.#closedFrom.get(first)?.includes(seal) !== true) push(this.#closedFrom, first, seal)
  }

  /**
   * What the line of `seal` issues to a device and the line of `known` does not, the newest first; null: all.
   */
  allowancesTo(device: number, known: Seal | null, seal: Seal): IssuedAllowance[] {
    const found: IssuedAllowance[] = []
    if (this.#allowances.size === 0) return found
    for (const issued of this.#allowances.get(device)?.toReversed() ?? found) {
      const by = this.at(issued.seal)
      if (!this.isAtOrBefore(by, seal)) continue
      // On both lines: so are all that were issued before on this one.
      if (known !== null && this.isAtOrBefore(by, known)) break
      found.push(issued)
    }
    return found
  }

  /** Seals on the line of `seal` that are not on the line of `known`, the newest first; all for null. */
  between(known: Seal | null, seal: Seal): Seal[] {
    const found: Seal[] = []
    for (let at: Seal | null = seal; at !== null; at = at.parent) {
      if (known !== null && this.isAtOrBefore(at, known)) break
      found.push(at)
    }
    return found
  }

  save(out: SnapshotWriter): void {
    out.list(this.#seals, ({ facts, allowances }) => {
      saveFacts(out, facts)
      for (const { takenAt } of allowances) out.list(takenAt, (place) => savePlace(out, place))
    })
    out.list([...this.#closedFrom], ([first, seals]) => {
      out.count(first)
      out.list(seals, ({ index }) => out.count(index))
    })
  }

  /** Takes the place of all that is here; whoever keeps the founding seal must ask for it again. */
  load(from: SnapshotReader): void {
    this.#seals.length = 0
    this.#allowances.clear()
    from.each(() => {
      const facts = readFacts(from, this.#branches)
      if (from.isOff) return
      const parent = this.#seals.length === 0 ? null : (this.#seals[facts.parent] ?? this.#seals[0] ?? null)
      for (const issued of this.#add(parent, facts).allowances)
        issued.takenAt = from.list(() => this.#branches.readPlace(from))
    })
    from.each(() => {
      const first = this.#branches.order(from)
      from.each(() => this.closeFrom(first, this.read(from)))
    })
  }

  /** Reads a seal by its number. */
  read(from: SnapshotReader): Seal {
    return this.at(from.below(this.#seals.length))
  }

  #add(parent: Seal | null, facts: SealFacts): Seal {
    const index = this.#seals.length
    const height = parent === null ? 0 : parent.height + 1
    const seal: Seal = {
      id: facts.id,
      parent,
      index,
      height,
      floor: Math.max(parent?.floor ?? 0, facts.floor),
      forkProofs: this.#proofs(facts),
      allowances: facts.allowances.map((it) => this.#issued(index, it)),
      line: parent === null ? { parent: null, base: 0, last: 0 } : lineAfter(parent),
      facts,
    }
    this.#seals.push(seal)
    this.#numbers.set(seal.id, index)
    for (const order of facts.frontier) {
      const place = this.#branches.placeOf(order)
      push(this.#frontiers, place.branch.device, { seal, place })
    }
    for (const issued of seal.allowances) push(this.#allowances, issued.device, issued)
    for (const key of facts.closed) push(this.#closings, this.#devices.add(key), seal)
    return seal
  }

  #issued(seal: number, { device, unit, amount, against }: Allowance): IssuedAllowance {
    if (!isAmount(amount)) throw new RangeError('an allowance is one minor unit to AMOUNT_MAX')
    const from = against === undefined ? null : this.#devices.add(against)
    const account = this.#accounts.add(unit)
    return { seal, device: this.#devices.add(device), account, amount, against: from, takenAt: [] }
  }

  #proofs(facts: SealFacts): Map<number, number> {
    const proofs = new Map<number, number>()
    for (const { device, seq } of facts.forkProofs) {
      const number = this.#devices.add(device)
      proofs.set(number, Math.min(seq, proofs.get(number) ?? Infinity))
    }
    return proofs
  }
}

function saveFacts(out: SnapshotWriter, facts: SealFacts): void {
  out.text(facts.id)
  out.place(facts.parent)
  out.list(facts.frontier, (order) => out.count(order))
  out.list(facts.closed, (key) => out.text(key))
  out.count(facts.floor)
  out.list(facts.forkProofs, ({ device, seq }) => {
    out.text(device)
    out.count(seq)
  })
  out.list(facts.allowances, ({ device, unit, amount, against }) => {
    out.text(device)
    out.text(unit)
    out.amount(amount)
    out.list(against === undefined ? [] : [against], (key) => out.text(key))
  })
}

function readFacts(from: SnapshotReader, branches: Branches): SealFacts {
  return {
    id: from.text(),
    parent: from.place(),
    frontier: from.list(() => branches.order(from)),
    closed: from.list(() => from.text()),
    floor: from.count(),
    forkProofs: from.list(() => ({ device: from.text(), seq: from.count() })),
    allowances: from.list(() => {
      const allowance = { device: from.text(), unit: from.text(), amount: from.amount() }
      const [against] = from.list(() => from.text())
      return against === undefined ? allowance : { ...allowance, against }
    }),
  }
}

const FOUNDING_FACTS: SealFacts = {
  id: '',
  parent: -1,
  frontier: [],
  closed: [],
  floor: 0,
  forkProofs: [],
  allowances: [],
}

/** The first child of a seal goes on with its line; a sibling starts one. */
function lineAfter(parent: Seal): SealLine {
  const { line, height } = parent
  if (line.last !== height) return { parent: line, base: height + 1, last: height + 1 }
  line.last = height + 1
  return line
}

function push<T>(lists: Map<number, T[]>, key: number, value: T): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
