import type { AdmitEntry } from '#protocol/authority'
import { decodeCanonical, encodeCanonical, equalBytes, fromHex, isCount, toHex } from '#protocol/encoding'
import { decodeJoinRequest, encodeJoinRequest } from '#protocol/invite'
import type { Store, StoreChange } from '#node/store'

/** Guests that wait for one invite. A guess: as many as an invite has uses at first. */
export const WAITING_PER_INVITE_MAX = 64
/** Guests that wait at one device. A guess: some invites' worth; each takes under a kilobyte. */
export const WAITING_MAX = 256

/** Somebody who proved an invite when it was used up. */
export interface WaitingGuest {
  /** What admits the guest once the invite has room. */
  entry: AdmitEntry
  /** When the guest came, ms by this device's clock; never before who came earlier. */
  sinceMs: number
}

/** Guests who came too late, in the order in which they came, one for each device key. They outlive the process. */
export class WaitingList {
  readonly #store: Store
  readonly #onChange: () => void
  /** By device key in hex, the earliest first. */
  #guests = new Map<string, WaitingGuest>()

  private constructor(store: Store, onChange: () => void) {
    this.#store = store
    this.#onChange = onChange
  }

  /** @param onChange - called when somebody comes or goes */
  static async open(store: Store, onChange: () => void = () => undefined): Promise<WaitingList> {
    const list = new WaitingList(store, onChange)
    const found: [string, WaitingGuest][] = []
    for await (const batch of store.entries('g/'))
      for (const [key, value] of batch) {
        const guest = readGuest(key, value)
        if (guest !== null) found.push([key.slice(2), guest])
      }
    list.#guests = new Map(found.sort(([, a], [, b]) => a.sinceMs - b.sinceMs))
    return list
  }

  /** Everybody, the earliest first. */
  guests(): WaitingGuest[] {
    return [...this.#guests.values()]
  }

  /** The place, from 1, of a device (hex) among those that wait for the invite; null when it does not. */
  placeOf(device: string, invite: Uint8Array): number | null {
    const key = toHex(invite)
    const before = [...this.#guests].filter(([, it]) => toHex(it.entry.invite) === key)
    const at = before.findIndex(([it]) => it === device)
    return at < 0 ? null : at + 1
  }

  /**
   * Puts a guest behind the others, or leaves it where it is; a guest that comes with another invite loses its place.
   * Resolves to the place, once it is on the disk; to null when the list is full.
   */
  async add(entry: AdmitEntry, nowMs: number): Promise<number | null> {
    const device = toHex(entry.device)
    const invite = toHex(entry.invite)
    const known = this.#guests.get(device)
    const isKnown = known !== undefined && toHex(known.entry.invite) === invite
    const others = this.guests().filter((it) => it !== known)
    const rivals = others.filter((it) => toHex(it.entry.invite) === invite)
    if (!isKnown && (others.length >= WAITING_MAX || rivals.length >= WAITING_PER_INVITE_MAX)) return null
    const lastMs = others.at(-1)?.sinceMs ?? 0
    const guest = { entry, sinceMs: isKnown ? known.sinceMs : Math.max(nowMs, lastMs + 1) }
    if (isKnown && equalBytes(bytesOf(known), bytesOf(guest))) return this.placeOf(device, entry.invite)
    if (!isKnown) this.#guests.delete(device)
    this.#guests.set(device, guest)
    try {
      await this.#store.write([{ type: 'put', key: `g/${device}`, value: bytesOf(guest) }])
    } catch (cause) {
      if (!isKnown && this.#guests.get(device) === guest) this.#guests.delete(device)
      throw cause
    }
    if (!isKnown) this.#onChange()
    return this.placeOf(device, entry.invite)
  }

  /** Takes devices (hex) off the list. */
  async drop(devices: readonly string[]): Promise<void> {
    const listed = devices.filter((it) => this.#guests.has(it))
    if (listed.length === 0) return
    await this.#store.write(listed.map((it): StoreChange => ({ type: 'del', key: `g/${it}` })))
    for (const it of listed) this.#guests.delete(it)
    this.#onChange()
  }
}

function bytesOf({ entry, sinceMs }: WaitingGuest): Uint8Array {
  return encodeCanonical([sinceMs, encodeJoinRequest(entry)])
}

/** The guest under a key of the store; null for what no version of this list wrote. */
function readGuest(key: string, value: Uint8Array): WaitingGuest | null {
  const decoded = decodeCanonical(value)
  const device = fromHex(key.slice(2))
  if (!decoded.ok || !Array.isArray(decoded.value) || device?.length !== 32) return null
  const [sinceMs, bytes] = decoded.value
  const request = bytes instanceof Uint8Array ? decodeJoinRequest(bytes) : null
  return request === null || !isCount(sinceMs) ? null : { entry: { t: 'admit', device, ...request }, sinceMs }
}
