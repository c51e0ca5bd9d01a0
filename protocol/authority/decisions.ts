import { toHex } from '../encoding/index.ts'
import { sectionWith } from '../document/index.ts'
import type { DocumentHost, SectionContext } from '../document/index.ts'
import { Trail, push } from './act.ts'
import type { Act, ActVerdict } from './act.ts'
import type { Change } from './change.ts'
import type { ProposeEntry, WillEntry } from './entries.ts'
import type { Epoch } from './epoch.ts'
import type { EpochTree } from './epochs.ts'
import { basisOf } from './outcome.ts'
import type { Basis, BasisParts } from './outcome.ts'

/** Proposals of one chain in one epoch. A guess: a cheat among members annoys the others with so many. */
export const PROPOSALS_PER_EPOCH_MAX = 16

/** Changes that somebody asks for. */
export interface Proposal {
  /** Id: the commit that asks, 32 bytes. */
  id: Uint8Array
  order: number
  /** Device that asks, hex, and its member. */
  device: string
  member: string
  /** Epoch that it was written in. */
  epoch: Epoch
  changes: readonly Change[]
  reason: string
  /** What was known to who asks, for each change. */
  basis: readonly Basis[]
}

/** What a steward said of a proposal. */
export interface Will {
  /** Commit of the act, 32 bytes. */
  commit: Uint8Array
  order: number
  /** Device that wrote it, hex. */
  device: string
  isApproval: boolean
}

/** Proposals, and the wills of stewards on them. */
export class Decisions {
  readonly #host: DocumentHost
  readonly #tree: EpochTree
  readonly #parts: BasisParts
  /** By id, hex; also hidden ones. */
  readonly #proposals = new Map<string, Proposal>()
  readonly #counts = new Trail<number>()
  /** By proposal and device, in the order of this replica's log. */
  readonly #wills = new Map<string, Map<string, Will[]>>()
  /** Proposal (hex) and will by the commit (hex) that holds it. */
  readonly #willAt = new Map<string, { proposal: string; will: Will }>()

  constructor(host: DocumentHost, tree: EpochTree, parts: BasisParts) {
    this.#host = host
    this.#tree = tree
    this.#parts = parts
  }

  propose(entry: ProposeEntry, act: Act): ActVerdict {
    const { device, member } = act
    const key = `${device}/${act.cited.name}`
    if (this.#parts.roster.roleAt(act, act.cited) === 'observer') return 'role'
    const count = this.#counts.before(act, key) ?? 0
    if (count >= PROPOSALS_PER_EPOCH_MAX) return 'proposal-quota'
    return () => {
      this.#counts.add(act, count + 1, key)
      const changes = entry.changes.map(ownCopy)
      const basis = changes.map((change) => basisOf(change, act, this.#parts))
      const place = { id: act.commit.slice(), order: act.order, device, member, epoch: act.cited }
      this.#proposals.set(toHex(act.commit), { ...place, changes, basis, reason: entry.reason })
    }
  }

  /**
   * Commits without which a proposal's changes could never fit: admissions of what they name where none is known, one for
   * each change, and suspensions to lift.
   */
  lacking({ changes }: ProposeEntry, section: SectionContext): number[] {
    return changes.flatMap((change) => {
      const known = basisOf(change, section, this.#parts)
      if (known.admissions.length > 0 || known.isSuspension) return []
      const [admission] = basisOf(change, sectionWith(section, { knows: () => true }), this.#parts).admissions
      if (admission !== undefined) return [admission.order]
      const lifted = change.kind === 'lift' ? this.#parts.suspensions.find(toHex(change.commit)) : null
      return lifted === null ? [] : [lifted.order]
    })
  }

  will(entry: WillEntry, act: Act): ActVerdict {
    if (!act.cited.signers.has(act.device)) return 'not-steward'
    const name = toHex(entry.proposal)
    const proposal = this.#proposals.get(name)
    if (proposal === undefined || !act.knows(proposal.order)) return 'proposal-unknown'
    if (this.#tree.decided.has(name, act.cited)) return 'proposal-decided'
    return () => {
      const { device, order } = act
      const will = { commit: act.commit.slice(), order, device, isApproval: entry.t === 'approve' }
      const byDevice = this.#wills.get(name) ?? new Map<string, Will[]>()
      this.#wills.set(name, byDevice)
      push(byDevice, device, will)
      this.#willAt.set(toHex(act.commit), { proposal: name, will })
    }
  }

  /** A proposal by its id, hex, be it shown or not. */
  find(id: string): Proposal | null {
    return this.#proposals.get(id) ?? null
  }

  /** Shown proposals that the line of an epoch has not decided, in the order of this replica's log. */
  open(epoch: Epoch): Proposal[] {
    return [...this.#proposals]
      .filter(([name, it]) => this.#host.isVisible(it.order) && !this.#tree.decided.has(name, epoch))
      .map(([, it]) => it)
  }

  /** Those of the open ones that somebody has spoken of: few, where many are asked for. */
  considered(epoch: Epoch): Proposal[] {
    const open = [...this.#wills.keys()].flatMap((name) => this.#proposals.get(name) ?? [])
    return open.filter((it) => !this.#tree.decided.has(toHex(it.id), epoch))
  }

  /** The last wills on a proposal (hex) of the devices that sign at an epoch, by steward, hex. */
  willsOn(proposal: string, epoch: Epoch): ReadonlyMap<string, Will> {
    const wills = new Map<string, Will>()
    for (const [device, said] of this.#wills.get(proposal) ?? []) {
      const steward = epoch.signers.get(device)
      const last = said.at(-1)
      if (steward !== undefined && last !== undefined) wills.set(steward, last)
    }
    return wills
  }

  /**
   * Commits that would be settled by open proposals of which the steward approves for whom the device (hex) signs at an
   * epoch. Its commits have to lead there, since a record names only what its author knows.
   */
  settledBy(device: string, epoch: Epoch): Uint8Array[] {
    const steward = epoch.signers.get(device)
    if (steward === undefined) return []
    return this.open(epoch).flatMap(({ id, changes }) => {
      const settled = changes.flatMap((it) => (it.kind === 'settle' ? [it.commit] : []))
      if (settled.length === 0) return []
      return this.willsOn(toHex(id), epoch).get(steward)?.isApproval === true ? settled : []
    })
  }

  /** The steward (hex) of an epoch of whom a commit is the last word on a proposal, an approval, in this act's past. */
  approverAt(commit: Uint8Array, proposal: string, act: Act): string | null {
    const at = this.#willAt.get(toHex(commit))
    if (at === undefined || at.proposal !== proposal || !at.will.isApproval) return null
    const { device, order } = at.will
    if (!act.knows(order)) return null
    const said = this.#wills.get(proposal)?.get(device) ?? []
    const isTakenBack = said.some(
      (it) => it.order !== order && act.knows(it.order) && act.isAtOrAfter(it.order, order),
    )
    return isTakenBack ? null : (act.cited.signers.get(device) ?? null)
  }

  /** Commits (hex) of shown proposals and wills, each ascending. */
  summary(): { proposals: string[]; wills: string[] } {
    const { isVisible } = this.#host
    const shown = [...this.#proposals].filter(([, it]) => isVisible(it.order))
    const said = [...this.#willAt].filter(([, it]) => isVisible(it.will.order))
    return { proposals: shown.map(([name]) => name).sort(), wills: said.map(([name]) => name).sort() }
  }

  clear(): void {
    this.#proposals.clear()
    this.#counts.clear()
    this.#wills.clear()
    this.#willAt.clear()
  }
}

/** Bytes that a payload of many is not kept for. */
function ownCopy(change: Change): Change {
  const entries = Object.entries(change).map(([key, value]) => [
    key,
    value instanceof Uint8Array ? value.slice() : value,
  ])
  return Object.fromEntries(entries) as Change
}
