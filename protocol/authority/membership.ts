import { equalBytes, toHex } from '../encoding/index.ts'
import { FOUNDING_SCOPE, isCertified } from '../identity/index.ts'
import type { SignatureRule } from '../identity/index.ts'
import type { DocumentHost } from '../document/index.ts'
import type { Act, ActVerdict } from './act.ts'
import { isProven } from './admission.ts'
import type { Admission, Admissions, Newcomer } from './admissions.ts'
import type { AdmitEntry, GenesisEntry, RenewalEntry } from './entries.ts'
import type { EpochTree } from './epochs.ts'
import { decodeGenesis } from './genesis.ts'
import type { Genesis } from './genesis.ts'
import type { Invites } from './invites.ts'
import { isRenewalProven } from './renewal.ts'
import type { Names } from './names.ts'
import type { Roster } from './roster.ts'
import type { Slots } from './slots.ts'

/** What signatures of an entry lack by a rule, in a co-op. */
interface Proven {
  rule: SignatureRule
  coop: Uint8Array
  lacks: 'certificate' | 'proof' | null
}

/** What admissions are judged by. */
export interface MembershipParts {
  host: DocumentHost
  names: Names
  tree: EpochTree
  admissions: Admissions
  invites: Invites
  slots: Slots
  roster: Roster
}

/** Who comes in: the founder, members by invites, further devices and new keys of members. */
export class Membership {
  readonly #parts: MembershipParts
  /** Null until the founding commit is folded. */
  genesis: Genesis | null = null

  constructor(parts: MembershipParts) {
    this.#parts = parts
  }

  found(entry: GenesisEntry, act: Act): ActVerdict {
    const { host, slots, tree } = this.#parts
    const genesis = decodeGenesis(entry.record)
    const isOurs = equalBytes(host.sha256(entry.record), host.coop)
    if (genesis === null || !isOurs || act.seq !== 0) return 'genesis'
    if (toHex(genesis.device) !== act.device || act.cited !== tree.founding) return 'genesis'
    const { kit, device, quorum, recovery } = genesis
    const claim = { kit, device, scope: FOUNDING_SCOPE, certificate: entry.certificate }
    if (!isCertified(host.rule, claim)) return 'certificate'
    return () => {
      this.genesis ??= genesis
      const stewards = new Map([[toHex(kit), act.device]])
      tree.founding.found({ stewards, rules: { quorum, recovery } })
      slots.found(act.device, genesis.slots)
      this.#enter({ ...genesis, role: 'steward', replaces: null }, act)
    }
  }

  admit(entry: AdmitEntry, act: Act): ActVerdict {
    const { invites } = this.#parts
    const invite = invites.usable(entry.invite, act)
    if (typeof invite === 'string') return invite
    const refusal = this.#refusalOfKey(entry.device, act)
    if (refusal !== null) return refusal
    const unproven = this.#unproven(entry)
    if (unproven !== null) return unproven
    return () => {
      invites.use(invite, act)
      this.#enter({ ...entry, role: invite.role, replaces: null }, act)
    }
  }

  /** What the signatures of an entry lack; null for nothing. Worked out once for all replicas that share what was read of it. */
  #unproven(entry: AdmitEntry & { proven?: Proven }): 'certificate' | 'proof' | null {
    const { rule, sha256, coop } = this.#parts.host
    const known = entry.proven
    if (known?.rule === rule && equalBytes(known.coop, coop)) return known.lacks
    const { kit, device, certificate } = entry
    let lacks: Proven['lacks'] = null
    if (!isCertified(rule, { kit, device, scope: coop, certificate })) lacks = 'certificate'
    else if (!isProven(rule, sha256, coop, entry)) lacks = 'proof'
    entry.proven = { rule, coop, lacks }
    return lacks
  }

  /** The role is that of the replaced key, or of the member; so a new key brings its member nothing that it did not have. */
  renew(entry: RenewalEntry, act: Act): ActVerdict {
    const { host, slots } = this.#parts
    const { rule, sha256, coop } = host
    if (slots.left(act) < 1) return 'no-slots'
    const { kit, device, certificate, replaces } = entry
    const before = this.#sponsor(entry, act)
    if (typeof before === 'string') return before
    const refusal = this.#refusalOfKey(device, act)
    if (refusal !== null) return refusal
    if (!isCertified(rule, { kit, device, scope: coop, certificate })) return 'certificate'
    if (!isRenewalProven(rule, sha256, coop, entry)) return 'proof'
    return () => {
      slots.renew(act)
      this.#enter({ ...entry, role: before.role, replaces: replaces === null ? null : toHex(replaces) }, act)
    }
  }

  clear(): void {
    this.genesis = null
  }

  /** The admission that a further key of a member has its role from. */
  #sponsor(
    { kit, replaces }: RenewalEntry,
    act: Act,
  ): Admission | 'replaced-unknown' | 'replaced-foreign' | 'member-unknown' | 'member-removed' {
    const { admissions, roster } = this.#parts
    const member = toHex(kit)
    const named = replaces === null ? admissions.ofMember(member) : admissions.of(toHex(replaces))
    const relied = named.filter((it) => act.relies(it.order))
    if (relied.length === 0) return replaces === null ? 'member-unknown' : 'replaced-unknown'
    const own = relied.filter((it) => it.member === member)
    if (own.length === 0) return 'replaced-foreign'
    const standing = own.filter((it) => !roster.isVoid(it, act.cited))
    const [first] = standing.sort((a, b) => (a.commit < b.commit ? -1 : 1))
    return first ?? 'member-removed'
  }

  /** Why no admission may name this key; null when one may. */
  #refusalOfKey(device: Uint8Array, act: Act): 'device-closed' | 'already-admitted' | null {
    const { admissions, names, roster } = this.#parts
    const relied = admissions.relied(device, act)
    if (roster.isClosed(names.nameOf(device), relied, act.cited)) return 'device-closed'
    return relied.length > 0 ? 'already-admitted' : null
  }

  #enter(who: Newcomer, act: Act): void {
    const { admissions, roster, tree } = this.#parts
    const admission = admissions.enter(who, act)
    const { device, commit } = admission
    for (const epoch of roster.removalsOf(device, commit))
      tree.addClosing({ device, epoch, admission: commit })
  }
}
