import { fromHex, toHex } from '../encoding/index.ts'
import { signedMessage } from '../identity/index.ts'
import type { DocumentHost } from '../document/index.ts'
import { push } from './act.ts'
import type { Act, ActVerdict } from './act.ts'
import type { Admissions } from './admissions.ts'
import type { LeaveEntry } from './entries.ts'

/** A leave as the devices see it that it closes. */
export interface Departure {
  /** Device, hex. */
  device: string
  /** Commit of the act, hex. */
  commit: string
  order: number
  /** Device that wrote it, hex. */
  by: string
}

/** The bytes that a kit signs so that all devices of its member leave: co-op, and the device that tells of it. */
export function leaveMessage(coop: Uint8Array, device: Uint8Array): Uint8Array {
  return signedMessage('leave', coop, device)
}

/** Devices that left by themselves. */
export class Departures {
  readonly #host: DocumentHost
  readonly #admissions: Admissions
  readonly #byDevice = new Map<string, Departure[]>()
  /** By the device that wrote them. */
  readonly #own = new Map<string, number[]>()

  constructor(host: DocumentHost, admissions: Admissions) {
    this.#host = host
    this.#admissions = admissions
  }

  leave(entry: LeaveEntry, act: Act): ActVerdict {
    const { coop, rule } = this.#host
    const key = fromHex(act.device)
    const member = fromHex(act.member)
    if (key === null || member === null) return 'entries'
    if (entry.signature !== null && !rule.verify(member, leaveMessage(coop, key), entry.signature))
      return 'proof'
    const isWhole = entry.signature !== null
    const known = this.#admissions.ofMember(act.member).filter((it) => act.knows(it.order))
    const devices = new Set([act.device, ...(isWhole ? known.map((it) => it.device) : [])])
    return () => {
      push(this.#own, act.device, act.order)
      const { device: by, order } = act
      const commit = toHex(act.commit)
      for (const device of devices) push(this.#byDevice, device, { device, commit, order, by })
    }
  }

  /** True when the author's own chain has left before this act. */
  isOver(act: Act): boolean {
    return this.#own.get(act.device)?.some((order) => act.follows(order)) ?? false
  }

  /** True when a past holds a leave of the device (hex). */
  isKnown(device: string, knows: (order: number) => boolean): boolean {
    return this.#byDevice.get(device)?.some((it) => knows(it.order)) ?? false
  }

  /** True when a leave of the device (hex) is shown. */
  isShown(device: string): boolean {
    return this.isKnown(device, (order) => this.#host.isVisible(order))
  }

  /** Devices (hex) of which such a leave is stored, ascending. */
  devices(isMeant: (leave: Departure) => boolean = () => true): string[] {
    return [...this.#byDevice].flatMap(([device, leaves]) => (leaves.some(isMeant) ? [device] : [])).sort()
  }

  /** Commits (hex) of the shown leaves with the devices that they close, ascending by device. */
  list(): Departure[] {
    return this.devices().flatMap((device) =>
      (this.#byDevice.get(device) ?? [])
        .filter((it) => this.#host.isVisible(it.order))
        .sort((a, b) => (a.commit < b.commit ? -1 : 1)),
    )
  }

  get isEmpty(): boolean {
    return this.#byDevice.size === 0
  }

  clear(): void {
    this.#byDevice.clear()
    this.#own.clear()
  }
}
