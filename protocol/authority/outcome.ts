import { equalBytes, toHex } from '../encoding/index.ts'
import type { SectionContext } from '../document/index.ts'
import type { Allowance } from '../evaluation/index.ts'
import { accountKey } from '../ledger/index.ts'
import type { Admission, Admissions } from './admissions.ts'
import type { Change, Rules } from './change.ts'
import type { Epoch } from './epoch.ts'
import type { EpochTree, Outcome } from './epochs.ts'
import type { Roster } from './roster.ts'
import { STEWARDS_MAX } from './seal-record.ts'
import type { FrontierRow } from './seal-record.ts'
import type { Suspensions } from './suspensions.ts'

/** What was known to whoever asks for a change: admissions of the member or device that it names; of a suspension, that it is. */
export interface Basis {
  readonly admissions: readonly Admission[]
  readonly isSuspension: boolean
}

/** Where a basis is found. */
export interface BasisParts {
  admissions: Admissions
  suspensions: Suspensions
  roster: Roster
}

/** What a decision is judged by. */
export interface OutcomeParts {
  tree: EpochTree
  roster: Roster
}

/** What is decided: by whom it was known, and what the record that decides it names. */
export interface Decision {
  changes: readonly Change[]
  /** For each change. */
  basis: readonly Basis[]
  left: readonly string[]
  frontier: readonly FrontierRow[]
}

/** What the past of a commit knows of what a change names. */
export function basisOf(change: Change, section: SectionContext, parts: BasisParts): Basis {
  const { admissions, suspensions } = parts
  const isKnown = (it: Admission): boolean => section.knows(it.order)
  switch (change.kind) {
    case 'remove':
    case 'demote':
    case 'role':
      return { admissions: admissions.ofMember(toHex(change.member)).filter(isKnown), isSuspension: false }
    case 'close':
    case 'steward':
    case 'slots':
    case 'allow':
    case 'replace':
      return { admissions: admissions.of(toHex(change.device)).filter(isKnown), isSuspension: false }
    case 'lift': {
      const suspension = suspensions.find(toHex(change.commit))
      return { admissions: [], isSuspension: suspension !== null && section.knows(suspension.order) }
    }
    case 'rules':
    case 'settle':
    case 'floor':
      return { admissions: [], isSuspension: false }
  }
}

/** What a decision makes of its parent; null when it does not fit. A function of the decision and the parent's line. */
export function outcomeOf(decision: Decision, parent: Epoch, parts: OutcomeParts): Outcome | null {
  const draft = new Draft(parent, parts)
  for (const [i, change] of decision.changes.entries()) {
    const basis = decision.basis[i]
    if (basis === undefined || !draft.take(change, basis, decision.frontier)) return null
  }
  return draft.finish(decision.left)
}

/** The state behind the changes that were taken so far. */
class Draft {
  readonly #parent: Epoch
  readonly #parts: OutcomeParts
  readonly #stewards: Map<string, string>
  readonly #closed = new Set<string>()
  readonly #removed = new Set<string>()
  readonly #roles: Outcome['roles'][number][] = []
  readonly #gifts: Outcome['gifts'][number][] = []
  readonly #lifted: string[] = []
  readonly #allowances: Allowance[] = []
  #rules: Rules
  #floor: number | null = null

  constructor(parent: Epoch, parts: OutcomeParts) {
    this.#parent = parent
    this.#parts = parts
    this.#stewards = new Map(parent.stewards)
    this.#rules = parent.rules
  }

  /** False when the change does not fit behind those before. */
  take(change: Change, { admissions, isSuspension }: Basis, frontier: readonly FrontierRow[]): boolean {
    switch (change.kind) {
      case 'remove':
      case 'demote':
      case 'role':
        return this.#isMember(admissions) && this.#takeMember(change)
      case 'close':
        if (!this.#isOpen(toHex(change.device), admissions)) return false
        this.#closed.add(toHex(change.device))
        return true
      case 'steward': {
        const [member, device] = [toHex(change.member), toHex(change.device)]
        const own = admissions.filter((it) => it.member === member)
        // One device signs for one steward.
        const isTaken = [...this.#stewards].some(([steward, it]) => it === device && steward !== member)
        if (!this.#isOpen(device, own) || isTaken) return false
        this.#stewards.set(member, device)
        return true
      }
      case 'rules':
        this.#rules = { quorum: change.quorum, recovery: change.recovery }
        return true
      case 'slots':
        if (!this.#isOpen(toHex(change.device), admissions)) return false
        this.#gifts.push({ device: toHex(change.device), count: change.count })
        return true
      case 'lift':
        this.#lifted.push(toHex(change.commit))
        return isSuspension
      case 'settle': {
        const { device, seq, commit } = change
        const isRow = (it: FrontierRow): boolean => it.seq === seq && equalBytes(it.commit, commit)
        return frontier.some((it) => isRow(it) && equalBytes(it.device, device))
      }
      case 'floor':
        if (change.height <= (this.#floor ?? this.#parent.facts.floor)) return false
        this.#floor = change.height
        return change.height <= this.#parent.height + 1
      case 'allow':
      case 'replace':
        if (!this.#isOpen(toHex(change.device), admissions)) return false
        this.#allowances.push(allowanceOf(change))
        return true
    }
  }

  /** Devices that are closed or `left` sign for nobody. Null without a steward, or with too many. */
  finish(left: readonly string[]): Outcome | null {
    const stewards = this.#stewards
    const isOut = (device: string): boolean => this.#closed.has(device) || left.includes(device)
    for (const [steward, device] of stewards) if (isOut(device)) stewards.delete(steward)
    if (stewards.size === 0 || stewards.size > STEWARDS_MAX) return null
    return {
      stewards,
      rules: this.#rules,
      closed: [...this.#closed],
      removed: [...this.#removed],
      roles: this.#roles,
      gifts: this.#gifts,
      lifted: this.#lifted,
      floor: this.#floor,
      allowances: this.#allowances,
    }
  }

  #takeMember(change: Extract<Change, { member: Uint8Array }>): boolean {
    const member = toHex(change.member)
    if (change.kind === 'role') {
      this.#roles.push({ member, role: change.role, scopes: change.scopes })
      return true
    }
    if (change.kind === 'demote') return this.#stewards.delete(member)
    this.#removed.add(member)
    this.#stewards.delete(member)
    return true
  }

  #isMember(admissions: readonly Admission[]): boolean {
    return admissions.some((it) => this.#stands(it))
  }

  #isOpen(device: string, admissions: readonly Admission[]): boolean {
    if (this.#closed.has(device) || this.#parts.tree.closed.has(device, this.#parent)) return false
    return admissions.some((it) => this.#stands(it))
  }

  #stands(admission: Admission): boolean {
    return !this.#removed.has(admission.member) && !this.#parts.roster.isVoid(admission, this.#parent)
  }
}

/** What a change lets the books issue. */
function allowanceOf(change: Extract<Change, { kind: 'allow' | 'replace' }>): Allowance {
  const { unit, amount } = change
  const device = toHex(change.device)
  if (change.kind === 'replace') return { device, unit, amount, against: toHex(change.lost) }
  return { device, unit: accountKey(unit, change.right === 'issue' ? 'issuable' : 'credit'), amount }
}
