import { toHex } from '../encoding/index.ts'
import type { Role } from '../document/index.ts'
import { push } from './act.ts'
import type { Act, ActVerdict } from './act.ts'
import { INVITE_EXTENDED_USES_MAX } from './entries.ts'
import type { ExtendEntry, InviteEntry } from './entries.ts'
import type { Names } from './names.ts'
import type { Slots } from './slots.ts'

/** An invite as its issuing device's chain tells it. */
export interface Invite {
  key: Uint8Array
  /** Issuing device, hex. */
  issuer: string
  role: Role
  /** As it was issued, and what visible acts added. */
  uses: number
  /** Visible admissions with it. */
  used: number
  expiresMs: number
  isRevoked: boolean
}

/** An invite and what its issuer did with it, by the orders of its commits: on all branches if its chain has parted. */
export interface Issued extends Pick<Invite, 'key' | 'issuer' | 'role' | 'uses' | 'expiresMs'> {
  order: number
  commit: string
  extendedBy: { order: number; uses: number }[]
  usedBy: number[]
  revokedBy: number[]
  /** Slots that it gave back. */
  returned: number
}

/** All invites, visible or not. */
export class Invites {
  readonly #isVisible: (order: number) => boolean
  readonly #slots: Slots
  readonly #names: Names
  /** By public key, hex: one for each device and branch that issued it. */
  readonly #issued = new Map<string, Issued[]>()
  /** By their issuer, hex. */
  readonly #issuedBy = new Map<string, Issued[]>()
  #visible: Map<string, Invite> | null = null

  constructor(isVisible: (order: number) => boolean, slots: Slots, names: Names) {
    this.#isVisible = isVisible
    this.#slots = slots
    this.#names = names
  }

  /** Visible ones by public key, hex; of two with one key, the one of the smaller commit id. */
  get visible(): ReadonlyMap<string, Invite> {
    this.#visible ??= new Map(
      this.list()
        .map((it) => [toHex(it.key), it])
        .reverse() as [string, Invite][],
    )
    return this.#visible
  }

  /** Visible ones, ascending by key, then by the commit that issued them. */
  list(): Invite[] {
    const isVisible = this.#isVisible
    return [...this.#issued]
      .sort((a, b) => (a[0] < b[0] ? -1 : 1))
      .flatMap(([, issued]) => issued.toSorted((a, b) => (a.commit < b.commit ? -1 : 1)))
      .filter((it) => isVisible(it.order))
      .map((it) => {
        const { key, issuer, role, expiresMs } = it
        const used = it.usedBy.filter(isVisible).length
        const isRevoked = it.revokedBy.some(isVisible)
        return { key, issuer, role, uses: usesOf(it, isVisible), used, expiresMs, isRevoked }
      })
  }

  invite(entry: InviteEntry, act: Act): ActVerdict {
    const name = this.#names.nameOf(entry.key)
    if (this.#issued.get(name)?.some((it) => act.relies(it.order)) === true) return 'invite-known'
    if (entry.uses > this.#slots.left(act)) return 'no-slots'
    const { key, role, uses, expiresMs } = entry
    return () => {
      const place = { order: act.order, commit: this.#names.nameOf(act.commit), issuer: act.device }
      const acts = { extendedBy: [], usedBy: [], revokedBy: [], returned: 0 }
      const invite = { ...place, key: this.#names.copyOf(key), role, uses, expiresMs, ...acts }
      push(this.#issued, name, invite)
      push(this.#issuedBy, act.device, invite)
      this.#slots.spend(act, uses)
      this.#visible = null
    }
  }

  extend({ key, uses }: ExtendEntry, act: Act): ActVerdict {
    const invite = this.ownOf(key, act)
    if (typeof invite === 'string') return invite
    const isBefore = (order: number): boolean => act.follows(order)
    if (invite.revokedBy.some(isBefore)) return 'invite-revoked'
    if (usesOf(invite, isBefore) + uses > INVITE_EXTENDED_USES_MAX) return 'invite-full'
    if (uses > this.#slots.left(act)) return 'no-slots'
    return () => {
      invite.extendedBy.push({ order: act.order, uses })
      this.#slots.spend(act, uses)
      this.#visible = null
    }
  }

  revoke(key: Uint8Array, act: Act): ActVerdict {
    const invite = this.ownOf(key, act)
    if (typeof invite === 'string') return invite
    return () => {
      const isBefore = (order: number): boolean => act.follows(order)
      const unused = usesOf(invite, isBefore) - invite.usedBy.filter(isBefore).length
      if (!invite.revokedBy.some(isBefore)) {
        this.#slots.spend(act, -unused)
        invite.returned += unused
      }
      invite.revokedBy.push(act.order)
      this.#visible = null
    }
  }

  /** The invite with which the author may admit one more, if it may. */
  usable(
    key: Uint8Array,
    act: Act,
  ): Issued | 'invite-unknown' | 'invite-foreign' | 'invite-revoked' | 'invite-used' {
    const invite = this.ownOf(key, act)
    if (typeof invite === 'string') return invite
    const isBefore = (order: number): boolean => act.follows(order)
    if (invite.revokedBy.some(isBefore)) return 'invite-revoked'
    return invite.usedBy.filter(isBefore).length >= usesOf(invite, isBefore) ? 'invite-used' : invite
  }

  use(invite: Issued, act: Act): void {
    // The first makes a list for one: most invites are used once.
    if (invite.usedBy.length === 0) invite.usedBy = [act.order]
    else invite.usedBy.push(act.order)
    this.#visible = null
  }

  /** The invite of that key that the author's own chain has issued. */
  ownOf(key: Uint8Array, act: Act): Issued | 'invite-unknown' | 'invite-foreign' {
    const issued = this.#issued.get(this.#names.nameOf(key)) ?? []
    const own = issued.find((it) => it.issuer === act.device && act.follows(it.order))
    if (own !== undefined) return own
    return issued.some((it) => act.relies(it.order)) ? 'invite-foreign' : 'invite-unknown'
  }

  /** Slots that the invites of a device (hex) took, on all its branches together. */
  takenBy(device: string): number {
    // What one branch gave back another may have used.
    const takenOf = (it: Issued): number => Math.max(it.usedBy.length, usesOf(it, () => true) - it.returned)
    return (this.#issuedBy.get(device) ?? []).reduce((sum, it) => sum + takenOf(it), 0)
  }

  visibilityChanged(): void {
    this.#visible = null
  }

  clear(): void {
    this.#issued.clear()
    this.#issuedBy.clear()
    this.#visible = null
  }
}

/** Uses of an invite by the acts that count. */
function usesOf({ uses, extendedBy }: Issued, counts: (order: number) => boolean): number {
  return extendedBy.reduce((sum, it) => (counts(it.order) ? sum + it.uses : sum), uses)
}
