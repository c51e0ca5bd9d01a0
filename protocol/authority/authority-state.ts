import { encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { readEntries, readOnce, sectionWith } from '../document/index.ts'
import type { DocumentHost, DocumentState, Role, SectionContext, SectionVerdict } from '../document/index.ts'
import type { Act, ActVerdict, AuthorityRefusal } from './act.ts'
import { Admissions } from './admissions.ts'
import type { Admission, DeviceEntry } from './admissions.ts'
import { votesOf } from './ballot.ts'
import { Ballots } from './ballots.ts'
import { Decisions } from './decisions.ts'
import type { Proposal } from './decisions.ts'
import { Departures } from './departures.ts'
import { readAuthorityEntry } from './entries.ts'
import type { AuthorityEntry } from './entries.ts'
import type { Epoch, EpochVotes } from './epoch.ts'
import { EpochTree } from './epochs.ts'
import type { HeldSeal } from './epochs.ts'
import type { Genesis } from './genesis.ts'
import { Invites } from './invites.ts'
import type { Invite } from './invites.ts'
import { Membership } from './membership.ts'
import { Names } from './names.ts'
import { outcomeOf } from './outcome.ts'
import { Recovery } from './recovery.ts'
import { Roster } from './roster.ts'
import type { DeviceStatus } from './roster.ts'
import { Slots } from './slots.ts'
import { Suspensions } from './suspensions.ts'
import type { Suspension } from './suspensions.ts'

/**
 * Who may do what in the co-op, folded from the signed acts of its devices (docs/protocol/authority.md). Every act is
 * judged by its author's own chain and by what the author knew. So all stored acts are taken in, in any causal order, also
 * of a chain that has parted; what is shown of them is what is visible.
 */
export class AuthorityState implements DocumentState {
  /** Committed seals, and the line that is chosen of them. */
  readonly epochs: EpochTree
  /** What lines of seals make of those who were admitted. */
  readonly roster: Roster
  /** Proposals and wills. */
  readonly decisions: Decisions
  /** How stewards agree on the next epoch. */
  readonly ballots: Ballots
  /** How members make stewards when the stewards are gone. */
  readonly recovery: Recovery
  /** Counts changes, so that a host can see that the roster moved. */
  revision = 0
  readonly #host: DocumentHost
  readonly #admissions: Admissions
  readonly #invites: Invites
  readonly #slots: Slots
  readonly #membership: Membership
  readonly #departures: Departures
  readonly #suspensions: Suspensions
  #hash: Uint8Array | null = null

  constructor(host: DocumentHost) {
    this.#host = host
    const { coop, sha256 } = host
    const isVisible = (order: number): boolean => host.isVisible(order)
    const tree = new EpochTree(coop)
    const names = new Names(host.readings)
    const admissions = new Admissions(isVisible, names)
    const departures = new Departures(host, admissions)
    const roster = new Roster(tree, admissions, departures)
    const suspensions = new Suspensions(host, tree, admissions)
    const decisions = new Decisions(host, tree, { admissions, suspensions, roster })
    const slots = new Slots(tree.gifts)
    const invites = new Invites(isVisible, slots, names)
    const commit = (held: HeldSeal, votes: EpochVotes): Epoch => this.#commit(held, votes)
    this.epochs = tree
    this.roster = roster
    this.decisions = decisions
    this.#admissions = admissions
    this.#departures = departures
    this.#suspensions = suspensions
    this.#slots = slots
    this.#invites = invites
    this.#membership = new Membership({ host, names, tree, admissions, invites, slots, roster })
    const weighAnew = (): void => void tree.weighAnew()
    this.recovery = new Recovery({ host, tree, roster, admissions, suspensions, commit, weighAnew })
    this.ballots = new Ballots({
      ...{ coop, sha256, tree, roster, decisions, departures },
      commit: (candidate) => {
        candidate.epoch = commit(candidate.held, votesOf(candidate, this.ballots.at(candidate.held.parent)))
      },
      weighAnew,
    })
  }

  /** Null until the founding commit is folded. */
  get genesis(): Genesis | null {
    return this.#membership.genesis
  }

  /** Devices that were ever admitted by key, hex; `statusOf` tells how they stand. */
  get devices(): ReadonlyMap<string, DeviceEntry> {
    return this.#admissions.devices
  }

  /** Visible invites by public key, hex; of two with one key, the one of the smaller commit id. */
  get invites(): ReadonlyMap<string, Invite> {
    return this.#invites.visible
  }

  /** Suspensions that stand: shown, not lifted, of a device that is neither closed nor left; ascending by device. */
  get suspensions(): Suspension[] {
    return this.#suspensions
      .devices()
      .filter((it) => this.roster.statusOf(it, this.epochs.tip) === 'active')
      .flatMap((it) => this.#suspensions.of(it, this.epochs.tip))
  }

  /**
   * Suspensions by the device (hex) of which another (hex) lists nothing new until a seal closes it or lifts them; none of
   * the other itself. Who signs for a steward listens to whoever does: else two that suspend each other could never decide.
   */
  keptAwayFrom(device: string): ReadonlyMap<string, readonly Suspension[]> {
    const { tip } = this.epochs
    const kept = new Map<string, readonly Suspension[]>()
    for (const it of this.#suspensions.devices()) {
      const isHeard = it === device || (tip.signers.has(device) && tip.signers.has(it))
      const standing = isHeard ? [] : this.#suspensions.of(it, tip)
      const isOver = this.roster.isClosed(it, this.#admissions.of(it), tip)
      if (standing.length > 0 && !isOver) kept.set(it, standing)
    }
    return kept
  }

  /**
   * Devices (hex) of which a leave is stored and that the tip's line does not close yet, ascending. A suspended device that
   * signs for no steward only leaves once that is over: nobody lists its leave, so no seal could.
   */
  get leaving(): string[] {
    const { tip, closed } = this.epochs
    const isHeard = (by: string): boolean => tip.signers.has(by) || this.#suspensions.of(by, tip).length === 0
    return this.#departures.devices((it) => isHeard(it.by)).filter((it) => !closed.has(it, tip))
  }

  /** True when any stored act admits the device (hex), be it visible or not. */
  isAdmitted(device: string): boolean {
    return this.#admissions.of(device).length > 0
  }

  /** All admissions of a device (hex), by commit id, be they visible or not. */
  admissionsOf(device: string): readonly Admission[] {
    return this.#admissions.of(device)
  }

  /** Devices (hex) of a member (hex), be their admissions visible or not. */
  devicesOf(member: string): string[] {
    return [...new Set(this.#admissions.ofMember(member).map((it) => it.device))]
  }

  /** True when a seal that follows the tip could decide the proposal, were it approved of. */
  fits({ changes, basis }: Proposal): boolean {
    const frontier = changes.flatMap((it) => (it.kind === 'settle' ? [it] : []))
    const { epochs: tree, roster } = this
    return outcomeOf({ changes, basis, left: [], frontier }, tree.tip, { tree, roster }) !== null
  }

  /** How a device (hex) stands under the tip; null when it is not on the roster. */
  statusOf(device: string): DeviceStatus | null {
    const { tip } = this.epochs
    if (!this.devices.has(device)) return null
    const status = this.roster.statusOf(device, tip)
    return status === 'active' && this.#suspensions.of(device, tip).length > 0 ? 'suspended' : status
  }

  /** Role of a device (hex) of the roster under an epoch; null when it is not on the roster. */
  roleOf(device: string, epoch: Epoch = this.epochs.tip): Role | null {
    const entry = this.devices.get(device)
    return entry === undefined
      ? null
      : this.roster.roleAt({ device, member: entry.member, role: entry.role }, epoch)
  }

  /** Slots that a device (hex) holds: admissions it may still promise. Of a chain that has parted all branches spend. */
  slotsOf(device: string): number {
    const given = this.#slots.givenTo(device, this.epochs.tip)
    return given - this.#slots.renewedBy(device) - this.#invites.takenBy(device)
  }

  /** Empties the state, so that it can be folded anew. */
  clear(): void {
    this.epochs.clear()
    this.decisions.clear()
    this.ballots.clear()
    this.#admissions.clear()
    this.#invites.clear()
    this.#slots.clear()
    this.#membership.clear()
    this.#departures.clear()
    this.#suspensions.clear()
    this.recovery.clear()
    this.visibilityChanged()
  }

  visibilityChanged(): void {
    this.#moved()
    this.#admissions.visibilityChanged()
    this.#invites.visibilityChanged()
  }

  check(section: SectionContext): SectionVerdict {
    const read = readOnce(this.#host.readings, readSection, section.payload)
    if (read?.count !== section.entries)
      return refuse('entries', 'the section is not a list of authority entries')
    const { entry } = read
    if (entry === null) return refuse('entries', 'exactly one known authority entry is expected')
    const effect = this.#judge(entry, section)
    if (typeof effect === 'string')
      return refuse(effect, `authority entry '${entry.t}' breaks the rule '${effect}'`)
    const apply = (): void => {
      effect()
      this.#moved()
    }
    return { ok: true, apply }
  }

  lacking(section: SectionContext): number[] {
    const entry = readOnce(this.#host.readings, readSection, section.payload)?.entry
    return entry?.t === 'propose' ? this.decisions.lacking(entry, section) : []
  }

  stateHash(): Uint8Array {
    this.#hash ??= this.#host.sha256(
      encodeCanonical([
        this.genesis === null ? null : this.#host.coop,
        [...this.devices]
          .sort(byKey)
          .map(([, device]) => [device.key, device.admissions.map(hashedAdmission)]),
        this.#invites
          .list()
          .map((it) => [it.key, it.issuer, it.role, it.uses, it.used, it.expiresMs, it.isRevoked]),
        ...this.#decided(),
      ]),
    )
    return this.#hash
  }

  /** What the hash holds beside membership: nothing as long as nobody decided, suspended or left. */
  #decided(): Value[] {
    const { proposals, wills } = this.decisions.summary()
    const suspensions = this.#suspensions.summary()
    const leaves = this.#departures.list().map((it) => [it.device, it.commit])
    const epochs = [...this.epochs.all()].map((it) => it.name).sort()
    if (proposals.length + wills.length + suspensions.length + leaves.length === 0 && epochs.length === 1)
      return []
    return [[this.epochs.tip.name, epochs, proposals, wills, suspensions, leaves]]
  }

  #moved(): void {
    this.revision += 1
    this.#hash = null
  }

  #commit(held: HeldSeal, votes: EpochVotes): Epoch {
    const epoch = this.epochs.add(held, votes)
    for (const closing of this.roster.closingsOf(epoch, held.outcome.removed)) this.epochs.addClosing(closing)
    return epoch
  }

  #judge(entry: AuthorityEntry, section: SectionContext): ActVerdict {
    const cited = this.epochs.find(section.epoch)
    if (cited === null) return 'unknown-epoch'
    if (this.epochs.isOutdated(cited, (order) => section.knows(order))) return 'epoch-outdated'
    const act = actOf(section, cited)
    // Where all stewards must agree, one who leaves would else stop every seal, also the one that lets it go.
    const isOver = !isBallot(entry) && this.#departures.isOver(act)
    return isOver ? 'left' : this.#judgeAct(entry, act)
  }

  #judgeAct(entry: AuthorityEntry, act: Act): ActVerdict {
    switch (entry.t) {
      case 'genesis':
        return this.#membership.found(entry, act)
      case 'invite':
        return this.#invites.invite(entry, act)
      case 'extend':
        return this.#invites.extend(entry, act)
      case 'revoke':
        return this.#invites.revoke(entry.key, act)
      case 'admit':
        return this.#membership.admit(entry, act)
      case 'device':
        return this.#membership.renew(entry, act)
      case 'leave':
        return this.#departures.leave(entry, act)
      case 'suspend':
        return this.#suspensions.suspend(entry, act)
      case 'propose':
        return this.decisions.propose(entry, act)
      case 'approve':
      case 'decline':
        return this.decisions.will(entry, act)
      case 'support':
      case 'sign':
        return this.ballots.vote(entry, act)
      case 'advance':
        return this.ballots.advance(entry, act)
      case 'recover':
        return this.recovery.recover(entry, act)
      case 'kits':
        return this.recovery.kits(entry, act)
    }
  }
}

/** How many entries a section holds, and its only one; null for what is no list. */
function readSection(payload: Uint8Array): { count: number; entry: AuthorityEntry | null } | null {
  const maps = readEntries(payload)
  if (maps === null) return null
  // One act a section keeps every check against a settled state; a commit for each act is cheap.
  const [first] = maps
  return {
    count: maps.length,
    entry: first === undefined || maps.length > 1 ? null : readAuthorityEntry(first),
  }
}

/** A section with the epoch that it cites. What a host's context computes on demand stays on demand. */
function actOf(section: SectionContext, cited: Epoch): Act {
  return sectionWith(section, { cited })
}

function isBallot({ t }: AuthorityEntry): boolean {
  return t === 'support' || t === 'sign' || t === 'advance'
}

function hashedAdmission(it: Admission): Value {
  const { issuer, seq, commit, role, member, memberName, deviceName, replaces } = it
  const fields = [issuer, seq, commit, role, member, memberName, deviceName]
  return replaces === null ? fields : [...fields, replaces]
}

function byKey(a: [string, unknown], b: [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1
}

function refuse(refusal: AuthorityRefusal, detail: string): SectionVerdict {
  return { ok: false, refusal, detail }
}
