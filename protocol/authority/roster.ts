import type { Role } from '../document/index.ts'
import type { Admission, Admissions } from './admissions.ts'
import type { Departures } from './departures.ts'
import type { Epoch } from './epoch.ts'
import type { Closing, EpochTree } from './epochs.ts'

/** How a device stands; `left` and `suspended` also before a seal says so. */
export type DeviceStatus = 'active' | 'suspended' | 'closed' | 'left'

/** Who a chain speaks for: role and member of the admission that it stands on. */
export interface Standing {
  /** Key of the device, hex. */
  device: string
  /** The member's recovery key, hex. */
  member: string
  role: Role
}

/** What lines of seals make of those who were admitted. */
export class Roster {
  readonly #tree: EpochTree
  readonly #admissions: Admissions
  readonly #departures: Departures

  constructor(tree: EpochTree, admissions: Admissions, departures: Departures) {
    this.#tree = tree
    this.#admissions = admissions
    this.#departures = departures
  }

  /**
   * True when a seal of the line removes the member, and the admission's commit does not cite that seal or one that
   * follows it: the member was not invited again.
   */
  isVoid(admission: Admission, line: Epoch): boolean {
    return this.#removalsOf(admission).some((it) => it.isAtOrBefore(line))
  }

  /** True when the device (hex) is closed on the line, as far as these admissions of it tell. */
  isClosed(device: string, admissions: readonly Admission[], line: Epoch): boolean {
    if (this.#tree.closed.has(device, line)) return true
    return admissions.length > 0 && admissions.every((it) => this.isVoid(it, line))
  }

  /** Role of a chain under an epoch. A steward's other devices keep the role that they were admitted with. */
  roleAt({ device, member, role }: Standing, epoch: Epoch): Role {
    if (epoch.signers.has(device)) return 'steward'
    const said = this.#tree.roles.at(member, epoch)
    if (said !== undefined) return said.role
    return role === 'steward' && !epoch.stewards.has(member) ? 'member' : role
  }

  /** Event documents that a member (hex) is held to under an epoch; null for all. */
  scopesAt(member: string, epoch: Epoch): readonly string[] | null {
    return this.#tree.roles.at(member, epoch)?.scopes ?? null
  }

  /** Status of a device (hex) but for suspensions; null when it was never admitted. */
  statusOf(device: string, epoch: Epoch): Exclude<DeviceStatus, 'suspended'> | null {
    const admissions = this.#admissions.of(device)
    if (admissions.length === 0) return null
    const said = this.#tree.closed.at(device, epoch)
    if (said !== undefined) return said
    if (this.#departures.isShown(device)) return 'left'
    return admissions.every((it) => this.isVoid(it, epoch)) ? 'closed' : 'active'
  }

  /** Seals that close the chains which stand on an admission, because they remove its member. */
  removalsOf(device: string, commit: string): Epoch[] {
    const admission = this.#admissions.of(device).find((it) => it.commit === commit)
    return admission === undefined ? [] : this.#removalsOf(admission)
  }

  /** What a newly committed seal closes by removing members. */
  closingsOf(epoch: Epoch, removed: readonly string[]): Closing[] {
    const closings: Closing[] = []
    for (const member of removed)
      for (const admission of this.#admissions.ofMember(member))
        if (!epoch.isAtOrBefore(admission.epoch))
          closings.push({ device: admission.device, epoch, admission: admission.commit })
    return closings
  }

  #removalsOf(admission: Admission): Epoch[] {
    return this.#tree.removed
      .of(admission.member)
      .map((it) => it.epoch)
      .filter((it) => !it.isAtOrBefore(admission.epoch))
  }
}
