import { encodeCanonical, equalBytes, fromHex, toHex } from '../encoding/index.ts'
import { FOUNDING_SCOPE, isCertified } from '../identity/index.ts'
import { readEntries } from '../document/index.ts'
import type { DocumentHost, DocumentState, Role, SectionContext, SectionVerdict } from '../document/index.ts'
import { isProven } from './admission.ts'
import { readAuthorityEntry } from './entries.ts'
import type { AdmitEntry, AuthorityEntry, GenesisEntry, InviteEntry, RenewalEntry } from './entries.ts'
import { decodeGenesis } from './genesis.ts'
import type { Genesis } from './genesis.ts'
import { isRenewalProven } from './renewal.ts'

/** Where a device was admitted: the commit that holds the entry. */
export interface Admission {
  /** Issuing device, hex. */
  issuer: string
  seq: number
  /** Commit id, hex. */
  commit: string
  /** Its place in the log of this replica. */
  order: number
  role: Role
  /** The member's recovery key, hex. */
  member: string
  memberName: string
  deviceName: string
  /** Key (hex) that the device had before, when it was admitted as a new key of its member; else null. */
  replaces: string | null
}

/** A device of the co-op. */
export interface DeviceEntry {
  /** Device key. */
  key: Uint8Array
  /** The member's recovery key, hex: the member's identity. */
  member: string
  memberName: string
  deviceName: string
  role: Role
  /** Key (hex) that this one replaces, of the same member; else null. */
  replaces: string | null
  /** Every visible admission, by commit id; the first gives names and role. */
  admissions: readonly Admission[]
}

/** An invite as its issuing device's chain tells it. */
export interface Invite {
  key: Uint8Array
  /** Issuing device, hex. */
  issuer: string
  role: Role
  uses: number
  /** Visible admissions with it. */
  used: number
  expiresMs: number
  isRevoked: boolean
}

/** An invite and what its issuer did with it, by the orders of its commits: on all branches if its chain has parted. */
interface Issued extends Pick<Invite, 'issuer' | 'role' | 'uses' | 'expiresMs'> {
  /** Public key of the invite, hex. */
  name: string
  order: number
  commit: string
  usedBy: readonly number[]
  revokedBy: readonly number[]
}

/** Why an authority section was refused. Stable: the CLI and pages translate these. */
export type AuthorityRefusal =
  | 'entries'
  | 'genesis'
  | 'no-slots'
  | 'invite-known'
  | 'invite-unknown'
  | 'invite-foreign'
  | 'invite-revoked'
  | 'invite-used'
  | 'already-admitted'
  | 'replaced-unknown'
  | 'replaced-foreign'
  | 'certificate'
  | 'proof'

type Effect = () => void
type EntryVerdict = AuthorityRefusal | Effect

/**
 * Membership of the co-op, folded from the signed acts of its devices. Every act is judged by its author's own chain
 * and by what the author relied on. So all stored acts are taken in, in any causal order, also of a chain that has
 * parted; what is shown of them is what is visible.
 */
export class AuthorityState implements DocumentState {
  readonly #host: DocumentHost
  /** Null until the founding commit is folded. */
  genesis: Genesis | null = null
  /** Counts changes, so that a host can see that the roster moved. */
  revision = 0
  #hash: Uint8Array | null = null
  /** By device key, hex: all admissions, by commit id. */
  readonly #admissions = new Map<string, readonly Admission[]>()
  #devices: Map<string, DeviceEntry> | null = null
  /** By public key of the invite, hex: one for each device and branch that issued it. */
  readonly #issued = new Map<string, Issued[]>()
  #invites: Map<string, Invite> | null = null
  /** Orders of the commits by which each device (hex) admitted new keys of members who are on the roster. */
  readonly #renewals = new Map<string, number[]>()
  /** Invites by their issuer, hex. */
  readonly #issuedBy = new Map<string, Issued[]>()
  /** By device (hex), in the order of the log: acts that change its slots, and what its own chain has left behind each. */
  readonly #spent = new Map<string, { order: number; left: number }[]>()

  constructor(host: DocumentHost) {
    this.#host = host
  }

  /** Devices of the roster by key, hex. */
  get devices(): ReadonlyMap<string, DeviceEntry> {
    this.#devices ??= new Map(
      [...this.#admissions].flatMap(([name]) => {
        const entry = this.#entryOf(name)
        return entry === null ? [] : [[name, entry]]
      }),
    )
    return this.#devices
  }

  /** Visible invites by public key, hex; of two with one key, the one of the smaller commit id. */
  get invites(): ReadonlyMap<string, Invite> {
    this.#invites ??= new Map(
      this.#visibleInvites()
        .map((it) => [toHex(it.key), it])
        .reverse() as [string, Invite][],
    )
    return this.#invites
  }

  /** True when any stored act admits the device (hex), be it visible or not. */
  isAdmitted(device: string): boolean {
    return this.#admissions.has(device)
  }

  /** All admissions of a device (hex), by commit id, be they visible or not. */
  admissionsOf(device: string): readonly Admission[] {
    return this.#admissions.get(device) ?? []
  }

  /** Empties the state, so that it can be folded anew. */
  clear(): void {
    this.#admissions.clear()
    this.#issued.clear()
    this.#issuedBy.clear()
    this.#spent.clear()
    this.#renewals.clear()
    this.genesis = null
    this.visibilityChanged()
  }

  visibilityChanged(): void {
    this.revision += 1
    this.#hash = null
    this.#devices = null
    this.#invites = null
  }

  /** Slots that a device (hex) holds: admissions it may still promise. */
  slotsOf(device: string): number {
    let left = this.#granted(device) - (this.#renewals.get(device) ?? []).length
    for (const invite of this.#issuedBy.get(device) ?? [])
      left -= invite.revokedBy.length > 0 ? invite.usedBy.length : invite.uses
    return left
  }

  #granted(device: string): number {
    return this.genesis !== null && toHex(this.genesis.device) === device ? this.genesis.slots : 0
  }

  /** Slots that the author's own chain has left; of a chain that parted, those of the branch that is written on. */
  #slotsBehind({ device, follows }: SectionContext): number {
    return this.#spent.get(device)?.findLast(({ order }) => follows(order))?.left ?? this.#granted(device)
  }

  #spend({ device, order }: SectionContext, left: number): void {
    push(this.#spent, device, { order, left })
  }

  check(section: SectionContext): SectionVerdict {
    const maps = readEntries(section.payload, section.entries)
    if (maps === null) return refuse('entries', 'the section is not a list of authority entries')
    // One act a section keeps every check against a settled state; a commit for each act is cheap.
    const entry = maps.length === 1 && maps[0] !== undefined ? readAuthorityEntry(maps[0]) : null
    if (entry === null) return refuse('entries', 'exactly one known authority entry is expected')
    const effect = this.#judge(entry, section)
    if (typeof effect === 'string')
      return refuse(effect, `authority entry '${entry.t}' breaks the rule '${effect}'`)
    const apply = (): void => {
      effect()
      this.revision += 1
      this.#hash = null
    }
    return { ok: true, apply }
  }

  stateHash(): Uint8Array {
    this.#hash ??= this.#host.sha256(
      encodeCanonical([
        this.genesis === null ? null : this.#host.coop,
        [...this.devices]
          .sort(byKey)
          .map(([, device]) => [
            device.key,
            device.admissions.map((it) => [
              it.issuer,
              it.seq,
              it.commit,
              it.role,
              it.member,
              it.memberName,
              it.deviceName,
              ...(it.replaces === null ? [] : [it.replaces]),
            ]),
          ]),
        this.#visibleInvites().map((it) => [
          it.key,
          it.issuer,
          it.role,
          it.uses,
          it.used,
          it.expiresMs,
          it.isRevoked,
        ]),
      ]),
    )
    return this.#hash
  }

  #judge(entry: AuthorityEntry, section: SectionContext): EntryVerdict {
    switch (entry.t) {
      case 'genesis':
        return this.#found(entry, section)
      case 'invite':
        return this.#invite(entry, section)
      case 'revoke': {
        const invite = this.#ownInvite(entry.key, section)
        if (typeof invite === 'string') return invite
        const isFirst = !invite.revokedBy.some((order) => section.follows(order))
        const used = invite.usedBy.filter((order) => section.follows(order)).length
        const left = this.#slotsBehind(section) + (isFirst ? invite.uses - used : 0)
        return () => {
          this.#spend(section, left)
          invite.revokedBy = invite.revokedBy.concat(section.order)
          this.#invites = null
        }
      }
      case 'admit':
        return this.#admit(entry, section)
      case 'device':
        return this.#renew(entry, section)
    }
  }

  #found(entry: GenesisEntry, section: SectionContext): EntryVerdict {
    const genesis = decodeGenesis(entry.record)
    const isOurs = equalBytes(this.#host.sha256(entry.record), this.#host.coop)
    if (genesis === null || !isOurs || section.seq !== 0) return 'genesis'
    if (toHex(genesis.device) !== section.device) return 'genesis'
    const { kit, device } = genesis
    const claim = { kit, device, scope: FOUNDING_SCOPE, certificate: entry.certificate }
    if (!isCertified(this.#host.rule, claim)) return 'certificate'
    return () => {
      this.genesis ??= genesis
      this.#enter({ ...genesis, role: 'steward', replaces: null }, section)
    }
  }

  #invite(entry: InviteEntry, section: SectionContext): EntryVerdict {
    const name = toHex(entry.key)
    if (this.#issued.get(name)?.some((it) => section.relies(it.order)) === true) return 'invite-known'
    const left = this.#slotsBehind(section)
    if (entry.uses > left) return 'no-slots'
    const { role, uses, expiresMs } = entry
    return () => {
      this.#spend(section, left - uses)
      const invite: Issued = {
        name,
        issuer: section.device,
        role,
        uses,
        expiresMs,
        order: section.order,
        commit: toHex(section.commit),
        usedBy: NONE,
        revokedBy: NONE,
      }
      push(this.#issued, name, invite)
      push(this.#issuedBy, section.device, invite)
      this.#invites = null
    }
  }

  #admit(entry: AdmitEntry, section: SectionContext): EntryVerdict {
    const invite = this.#ownInvite(entry.invite, section)
    if (typeof invite === 'string') return invite
    const isBefore = (order: number): boolean => section.follows(order)
    if (invite.revokedBy.some(isBefore)) return 'invite-revoked'
    if (invite.usedBy.filter(isBefore).length >= invite.uses) return 'invite-used'
    if (this.#known(entry.device, section).length > 0) return 'already-admitted'
    const { kit, device, certificate } = entry
    if (!isCertified(this.#host.rule, { kit, device, scope: this.#host.coop, certificate }))
      return 'certificate'
    if (!isProven(this.#host.rule, this.#host.sha256, this.#host.coop, entry)) return 'proof'
    return () => {
      // Made anew: an array that grows takes room for 17 at once, and most invites admit one device.
      invite.usedBy = invite.usedBy.concat(section.order)
      this.#invites = null
      this.#enter({ ...entry, role: invite.role, replaces: null }, section)
    }
  }

  /** The invite of that key that the author's own chain has issued. */
  #ownInvite(key: Uint8Array, section: SectionContext): Issued | 'invite-unknown' | 'invite-foreign' {
    const issued = this.#issued.get(toHex(key)) ?? []
    const own = issued.find((it) => it.issuer === section.device && section.follows(it.order))
    if (own !== undefined) return own
    return issued.some((it) => section.relies(it.order)) ? 'invite-foreign' : 'invite-unknown'
  }

  /** The role is that of the replaced key; so a new key brings its member nothing that it did not have. */
  #renew(entry: RenewalEntry, section: SectionContext): EntryVerdict {
    const left = this.#slotsBehind(section)
    if (left < 1) return 'no-slots'
    const { kit, device, certificate } = entry
    const replaced = this.#known(entry.replaces, section)
    if (replaced.length === 0) return 'replaced-unknown'
    const before = replaced.find((it) => it.member === toHex(kit))
    if (before === undefined) return 'replaced-foreign'
    if (this.#known(device, section).length > 0) return 'already-admitted'
    if (!isCertified(this.#host.rule, { kit, device, scope: this.#host.coop, certificate }))
      return 'certificate'
    if (!isRenewalProven(this.#host.rule, this.#host.sha256, this.#host.coop, entry)) return 'proof'
    return () => {
      this.#spend(section, left - 1)
      push(this.#renewals, section.device, section.order)
      this.#enter({ ...entry, role: before.role, replaces: toHex(entry.replaces) }, section)
    }
  }

  /** Admissions of a device that the section's commit relies on, by commit id. */
  #known(device: Uint8Array, section: SectionContext): Admission[] {
    const admissions = this.#admissions.get(toHex(device)) ?? []
    return admissions.filter((it) => section.relies(it.order))
  }

  #enter(
    who: Pick<DeviceEntry, 'memberName' | 'deviceName' | 'role' | 'replaces'> & {
      device: Uint8Array
      kit: Uint8Array
    },
    section: SectionContext,
  ): void {
    const name = toHex(who.device)
    const { memberName, deviceName, role, replaces } = who
    const admission = {
      issuer: section.device,
      seq: section.seq,
      commit: toHex(section.commit),
      order: section.order,
      role,
      member: toHex(who.kit),
      memberName,
      deviceName,
      replaces,
    }
    const all = this.admissionsOf(name).concat(admission)
    this.#admissions.set(
      name,
      all.sort((a, b) => (a.commit < b.commit ? -1 : 1)),
    )
    const entry = this.#entryOf(name)
    if (entry !== null) this.#devices?.set(name, entry)
  }

  /** A device (hex) as its visible admissions tell it; null without any. */
  #entryOf(name: string): DeviceEntry | null {
    const all = this.admissionsOf(name)
    const isVisible = ({ order }: Admission): boolean => this.#host.isVisible(order)
    const admissions = all.every(isVisible) ? all : all.filter(isVisible)
    const [first] = admissions
    return first === undefined ? null : new RosterEntry(name, first, admissions)
  }

  /** Ascending by key, then by the commit that issued it. */
  #visibleInvites(): Invite[] {
    const { isVisible } = this.#host
    return [...this.#issued]
      .sort(byKey)
      .flatMap(([, issued]) => issued.toSorted((a, b) => (a.commit < b.commit ? -1 : 1)))
      .filter((it) => isVisible(it.order))
      .map(({ name, issuer, role, uses, expiresMs, usedBy, revokedBy }) => {
        const used = usedBy.filter(isVisible).length
        const key = fromHex(name) ?? NO_KEY
        return { key, issuer, role, uses, used, expiresMs, isRevoked: revokedBy.some(isVisible) }
      })
  }
}

/** A device of the roster. Its key is made when it is asked for: kept, it would take more room than all the rest. */
class RosterEntry implements DeviceEntry {
  readonly member: string
  readonly memberName: string
  readonly deviceName: string
  readonly role: Role
  readonly replaces: string | null
  readonly admissions: readonly Admission[]
  readonly #name: string

  constructor(name: string, first: Admission, admissions: readonly Admission[]) {
    this.#name = name
    this.member = first.member
    this.memberName = first.memberName
    this.deviceName = first.deviceName
    this.role = first.role
    this.replaces = first.replaces
    this.admissions = admissions
  }

  get key(): Uint8Array {
    return fromHex(this.#name) ?? NO_KEY
  }
}

const NONE: readonly number[] = []
const NO_KEY: Uint8Array = new Uint8Array(32)

function push<T>(map: Map<string, T[]>, name: string, item: T): T[] {
  const items = map.get(name)
  if (items === undefined) {
    const first = [item]
    map.set(name, first)
    return first
  }
  items.push(item)
  return items
}

function byKey(a: [string, unknown], b: [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1
}

function refuse(refusal: AuthorityRefusal, detail: string): SectionVerdict {
  return { ok: false, refusal, detail }
}
