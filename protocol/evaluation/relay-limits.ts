import { PLACES } from './account-table.ts'
import type { Account, NamedUnit } from './account-table.ts'
import type { Branch, Branches, Place } from './branches.ts'
import type { JudgedCommit } from './insight.ts'
import { sharedReach } from './line.ts'
import type { SealTree } from './seal-tree.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'
import { PathSteps } from './steps.ts'
import type { Units } from './units.ts'

/** What a chain has of a unit that it may not pass on, behind one of its commits. */
export interface Bounds {
  /** All that the chain accepted of the unit so far. */
  readonly accepted: bigint
  /** Bound part of each account, by its place. */
  readonly parts: readonly bigint[]
}

const UNBOUND: readonly bigint[] = Array.from({ length: PLACES }, () => 0n)

/** What chains accepted of a unit, and what is bound, where it changed. */
class UnitBounds {
  readonly accepted = new PathSteps<bigint>()
  readonly parts = new PathSteps<readonly bigint[]>()

  acceptedAt(branch: Branch, seq: number): bigint {
    return this.accepted.at(branch, seq) ?? 0n
  }

  partsAt(branch: Branch, seq: number): readonly bigint[] {
    return this.parts.at(branch, seq) ?? UNBOUND
  }
}

/**
 * Of what a chain accepts outside the frontier of the line it cites, it may pass on the limit of the unit: what it
 * accepts beyond is bound. Without it k colluders with a chain of forks gain 2^(k-1) times what they own.
 */
export class RelayLimits {
  readonly #seals: SealTree
  readonly #units: Units
  /** By the unit's number. */
  readonly #bounds = new Map<number, UnitBounds>()

  constructor(seals: SealTree, units: Units) {
    this.#seals = seals
    this.#units = units
  }

  /** Bound part of what the chain has left on the account behind its commit. */
  bound(branch: Branch, seq: number, { unit, place }: Account): bigint {
    return this.#bounds.get(unit.index)?.partsAt(branch, seq)[place] ?? 0n
  }

  /** What a commit starts from that accepts or debits something of the unit; null where the unit has no limit. */
  before(unit: NamedUnit, { branch, seq, epoch }: JudgedCommit): BoundParts | null {
    const limit = this.#units.relayMax(unit)
    if (limit === null) return null
    const bounds = this.#of(unit.index)
    const frontier = this.#seals.frontierOf(epoch, branch.device)
    const settled = frontier === null ? -1 : sharedReach(branch, frontier.branch, frontier.seq)
    const before = { accepted: bounds.acceptedAt(branch, seq - 1), parts: bounds.partsAt(branch, seq - 1) }
    return new BoundParts(before, { limit, atFrontier: bounds.acceptedAt(branch, settled) })
  }

  /** Writes what chains accepted, step by step, since a frontier may come to lie anywhere; and what is bound at the ends. */
  save(out: SnapshotWriter, { all }: Branches): void {
    out.list([...this.#bounds], ([unit, bounds]) => {
      out.count(unit)
      bounds.accepted.save(out, (accepted) => out.amount(accepted))
      out.list(
        all.filter((branch) => bounds.partsAt(branch, branch.last).some((part) => part > 0n)),
        (branch) => {
          out.count(branch.index)
          for (const part of bounds.partsAt(branch, branch.last)) out.amount(part)
        },
      )
    })
  }

  load(from: SnapshotReader, branches: Branches): void {
    from.each(() => {
      const bounds = this.#of(from.count())
      bounds.accepted.load(from, () => from.amount(), branches.all.length)
      from.each(() => {
        const branch = branches.read(from)
        const parts = UNBOUND.map(() => from.amount())
        bounds.parts.set(branch, branch.last, parts)
      })
    })
  }

  /** Takes up a commit that is now the end of its branch. */
  add({ branch, seq }: Place, { index }: NamedUnit, { accepted, parts }: Bounds): void {
    const bounds = this.#of(index)
    if (bounds.acceptedAt(branch, seq) !== accepted) bounds.accepted.set(branch, seq, accepted)
    bounds.parts.set(branch, seq, parts)
  }

  #of(unit: number): UnitBounds {
    let bounds = this.#bounds.get(unit)
    if (bounds === undefined) this.#bounds.set(unit, (bounds = new UnitBounds()))
    return bounds
  }
}

/** The bounds of one unit while a commit is judged. */
export class BoundParts implements Bounds {
  accepted: bigint
  readonly parts: bigint[]
  readonly #limit: bigint
  readonly #atFrontier: bigint

  /** `atFrontier`: what the chain had accepted up to the frontier. What is bound beyond what it accepted since is freed. */
  constructor({ accepted, parts }: Bounds, { limit, atFrontier }: { limit: bigint; atFrontier: bigint }) {
    this.accepted = accepted
    this.#limit = limit
    this.#atFrontier = atFrontier
    let most = this.#beyond()
    this.parts = parts.map((part) => {
      const kept = part < most ? part : most
      most -= kept
      return kept
    })
  }

  /** What of the held account must stay. */
  get held(): bigint {
    return this.parts[0] ?? 0n
  }

  accept(amount: bigint): void {
    const before = this.#beyond()
    this.accepted += amount
    this.parts[0] = this.held + this.#beyond() - before
  }

  /** A fact takes of the bound part first, and binds as much where it puts it. */
  move(from: Account, into: Account | null, amount: bigint): void {
    const bound = this.parts[from.place] ?? 0n
    const moved = bound < amount ? bound : amount
    this.parts[from.place] = bound - moved
    if (into !== null) this.parts[into.place] = (this.parts[into.place] ?? 0n) + moved
  }

  /** What was accepted since the frontier beyond the limit. */
  #beyond(): bigint {
    const beyond = this.accepted - this.#atFrontier - this.#limit
    return beyond > 0n ? beyond : 0n
  }
}
