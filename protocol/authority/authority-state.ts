import { encodeCanonical, equalBytes, toHex } from '../encoding/index.ts'
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
  role: Role
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
  /** Every admission, by commit id; the first gives names and role. */
  admissions: (Admission & { memberName: string; deviceName: string; member: string })[]
}

/** An invite as its issuing device's chain tells it. */
export interface Invite {
  key: Uint8Array
  /** Issuing device, hex. */
  issuer: string
  role: Role
  uses: number
  used: number
  expiresMs: number
  isRevoked: boolean
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

/** Membership of the co-op, folded from the signed acts of its devices. */
export class AuthorityState implements DocumentState {
  readonly #host: DocumentHost
  /** By device key, hex. */
  readonly devices: Map<string, DeviceEntry> = new Map()
  /** By public key of the invite, hex. */
  readonly invites: Map<string, Invite> = new Map()
  /** Null until the founding commit is folded. */
  genesis: Genesis | null = null
  /** Counts changes, so that a host can see that the roster moved. */
  revision = 0
  #hash: Uint8Array | null = null
  /** New keys that each device (hex) admitted for members who are on the roster. */
  readonly #renewals = new Map<string, number>()

  constructor(host: DocumentHost) {
    this.#host = host
  }

  /** Empties the state, so that it can be folded anew in another order. */
  clear(): void {
    this.devices.clear()
    this.invites.clear()
    this.#renewals.clear()
    this.genesis = null
    this.revision += 1
    this.#hash = null
  }

  /** Slots that a device holds: admissions it may still promise. */
  slotsOf(device: string): number {
    if (this.genesis === null || toHex(this.genesis.device) !== device) return 0
    let spent = this.#renewals.get(device) ?? 0
    for (const invite of this.invites.values()) {
      if (invite.issuer === device) spent += invite.isRevoked ? invite.used : invite.uses
    }
    return this.genesis.slots - spent
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
        [...this.invites]
          .sort(byKey)
          .map(([, it]) => [it.key, it.issuer, it.role, it.uses, it.used, it.expiresMs, it.isRevoked]),
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
        const invite = this.invites.get(toHex(entry.key))
        if (invite === undefined) return 'invite-unknown'
        if (invite.issuer !== section.device) return 'invite-foreign'
        return () => {
          invite.isRevoked = true
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
    if (genesis === null || !isOurs || this.genesis !== null || section.seq !== 0) return 'genesis'
    if (toHex(genesis.device) !== section.device) return 'genesis'
    const { kit, device } = genesis
    const claim = { kit, device, scope: FOUNDING_SCOPE, certificate: entry.certificate }
    if (!isCertified(this.#host.rule, claim)) return 'certificate'
    return () => {
      this.genesis = genesis
      this.#enter({ ...genesis, role: 'steward', replaces: null }, section)
    }
  }

  #invite(entry: InviteEntry, section: SectionContext): EntryVerdict {
    if (this.invites.has(toHex(entry.key))) return 'invite-known'
    if (entry.uses > this.slotsOf(section.device)) return 'no-slots'
    const { key, role, uses, expiresMs } = entry
    return () => {
      const invite: Invite = {
        key: key.slice(),
        issuer: section.device,
        role,
        uses,
        used: 0,
        expiresMs,
        isRevoked: false,
      }
      this.invites.set(toHex(key), invite)
    }
  }

  #admit(entry: AdmitEntry, section: SectionContext): EntryVerdict {
    const invite = this.invites.get(toHex(entry.invite))
    if (invite === undefined) return 'invite-unknown'
    if (invite.issuer !== section.device) return 'invite-foreign'
    if (invite.isRevoked) return 'invite-revoked'
    if (invite.used >= invite.uses) return 'invite-used'
    if (this.#known(entry.device, section).length > 0) return 'already-admitted'
    const { kit, device, certificate } = entry
    if (!isCertified(this.#host.rule, { kit, device, scope: this.#host.coop, certificate }))
      return 'certificate'
    if (!isProven(this.#host.rule, this.#host.sha256, this.#host.coop, entry)) return 'proof'
    return () => {
      invite.used += 1
      this.#enter({ ...entry, role: invite.role, replaces: null }, section)
    }
  }

  /** The role is that of the replaced key; so a new key brings its member nothing that it did not have. */
  #renew(entry: RenewalEntry, section: SectionContext): EntryVerdict {
    if (this.slotsOf(section.device) < 1) return 'no-slots'
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
      this.#renewals.set(section.device, (this.#renewals.get(section.device) ?? 0) + 1)
      this.#enter({ ...entry, role: before.role, replaces: toHex(entry.replaces) }, section)
    }
  }

  /** Admissions of a device that the section's commit acknowledges, by commit id. */
  #known(device: Uint8Array, section: SectionContext): DeviceEntry['admissions'] {
    const admissions = this.devices.get(toHex(device))?.admissions ?? []
    return admissions.filter((it) => section.acknowledges(it.issuer, it.seq))
  }

  #enter(
    who: Pick<DeviceEntry, 'memberName' | 'deviceName' | 'role' | 'replaces'> & {
      device: Uint8Array
      kit: Uint8Array
    },
    section: SectionContext,
  ): void {
    const name = toHex(who.device)
    const member = toHex(who.kit)
    const { memberName, deviceName, role, replaces } = who
    const commit = toHex(section.commit)
    const admission = { issuer: section.device, seq: section.seq, commit, role, replaces }
    const admissions = [
      ...(this.devices.get(name)?.admissions ?? []),
      { ...admission, member, memberName, deviceName },
    ]
    admissions.sort((a, b) => (a.commit < b.commit ? -1 : 1))
    const first = admissions[0] ?? { ...admission, member, memberName, deviceName }
    this.devices.set(name, {
      key: who.device.slice(), // a copy: the original is a view that would keep its whole frame alive
      member: first.member,
      memberName: first.memberName,
      deviceName: first.deviceName,
      role: first.role,
      replaces: first.replaces,
      admissions,
    })
  }
}

function byKey(a: [string, unknown], b: [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1
}

function refuse(refusal: AuthorityRefusal, detail: string): SectionVerdict {
  return { ok: false, refusal, detail }
}
