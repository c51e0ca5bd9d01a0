import type { Role, SectionContext } from '../document/index.ts'
import { push } from './act.ts'
import type { Act } from './act.ts'
import type { Epoch } from './epoch.ts'
import type { Names } from './names.ts'

/** Where a device was admitted: the commit that holds the entry. */
export interface Admission {
  /** Key of the device, and the same in hex. */
  key: Uint8Array
  device: string
  /** Issuing device, hex. */
  issuer: string
  seq: number
  /** Commit id, hex. */
  commit: string
  /** Its place in the log of this replica. */
  order: number
  /** Epoch that it cites. */
  epoch: Epoch
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
  admissions: Admission[]
}

/** Who is admitted. */
export type Newcomer = Pick<DeviceEntry, 'memberName' | 'deviceName' | 'role' | 'replaces'> & {
  device: Uint8Array
  kit: Uint8Array
}

/** All admissions, visible or not, by device and by member. */
export class Admissions {
  readonly #isVisible: (order: number) => boolean
  readonly #names: Names
  /** By commit id. */
  readonly #byDevice = new Map<string, Admission[]>()
  readonly #byMember = new Map<string, Admission[]>()
  #devices: Map<string, DeviceEntry> | null = null

  constructor(isVisible: (order: number) => boolean, names: Names) {
    this.#isVisible = isVisible
    this.#names = names
  }

  /** Devices with a visible admission by key, hex. */
  get devices(): ReadonlyMap<string, DeviceEntry> {
    this.#devices ??= new Map(
      [...this.#byDevice.keys()].flatMap((name) => {
        const entry = this.#entryOf(name)
        return entry === null ? [] : [[name, entry]]
      }),
    )
    return this.#devices
  }

  /** Admissions of a device (hex), by commit id. */
  of(device: string): readonly Admission[] {
    return this.#byDevice.get(device) ?? []
  }

  /** Admissions of the devices of a member (hex), in the order of this replica's log. */
  ofMember(member: string): readonly Admission[] {
    return this.#byMember.get(member) ?? []
  }

  /** Members (hex) of whom a device was admitted. */
  members(): Iterable<string> {
    return this.#byMember.keys()
  }

  /** Admissions of a device that the section's commit relies on, by commit id. */
  relied(device: Uint8Array, section: SectionContext): Admission[] {
    return this.of(this.#names.nameOf(device)).filter((it) => section.relies(it.order))
  }

  enter(who: Newcomer, act: Act): Admission {
    const { memberName, deviceName, role, replaces } = who
    const names = this.#names
    const device = names.nameOf(who.device)
    const admission: Admission = {
      key: names.copyOf(who.device),
      device,
      issuer: act.device,
      seq: act.seq,
      commit: names.nameOf(act.commit),
      order: act.order,
      epoch: act.cited,
      role,
      member: names.nameOf(who.kit),
      memberName,
      deviceName,
      replaces,
    }
    const own = push(this.#byDevice, device, admission)
    if (own.length > 1) own.sort((a, b) => (a.commit < b.commit ? -1 : 1))
    push(this.#byMember, admission.member, admission)
    const entry = this.#entryOf(device)
    if (entry !== null) this.#devices?.set(device, entry)
    return admission
  }

  visibilityChanged(): void {
    this.#devices = null
  }

  clear(): void {
    this.#byDevice.clear()
    this.#byMember.clear()
    this.#devices = null
  }

  /** A device (hex) as its visible admissions tell it; null without any. */
  #entryOf(name: string): DeviceEntry | null {
    const all = this.of(name)
    const [only] = all
    // A list that grows would take room for many.
    const admissions =
      only !== undefined && all.length === 1 && this.#isVisible(only.order)
        ? [only]
        : all.filter((it) => this.#isVisible(it.order))
    const [first] = admissions
    if (first === undefined) return null
    const { member, memberName, deviceName, role, replaces } = first
    return { key: first.key, member, memberName, deviceName, role, replaces, admissions }
  }
}
