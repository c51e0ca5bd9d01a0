import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Store } from '#node/store'

/** Addresses kept for one device. A NAS has two or three; a laptop that travels fills the rest. */
export const ADDRESSES_PER_DEVICE_MAX = 8

/** Where devices of the co-op were last reached: a node that restarts finds its peers again without help. */
export class AddressBook {
  readonly #store: Store
  /** By device key in hex; the best address first. */
  readonly #addresses = new Map<string, string[]>()

  private constructor(store: Store) {
    this.#store = store
  }

  static async open(store: Store): Promise<AddressBook> {
    const book = new AddressBook(store)
    for await (const batch of store.entries('p/')) {
      for (const [key, value] of batch) {
        const addresses = Buffer.from(value).toString('utf8').split('\n').filter(isMultiaddr)
        if (addresses.length > 0) book.#addresses.set(key.slice(2), addresses)
      }
    }
    return book
  }

  /** Devices (hex) that were reached before. */
  devices(): string[] {
    return [...this.#addresses.keys()]
  }

  of(device: string): Multiaddr[] {
    return (this.#addresses.get(device) ?? []).map((address) => multiaddr(address))
  }

  /** Remembers addresses of a device, the newest first. Returns at once when nothing is new. */
  async remember(device: string, addresses: readonly Multiaddr[]): Promise<void> {
    const known = this.#addresses.get(device) ?? []
    const fresh = addresses.map((address) => address.toString().replace(/\/p2p\/[^/]+$/, ''))
    const merged = [...new Set([...fresh, ...known])].slice(0, ADDRESSES_PER_DEVICE_MAX)
    if (merged.length === known.length && fresh.every((address) => known.includes(address))) return
    this.#addresses.set(device, merged)
    await this.#store.write([{ type: 'put', key: `p/${device}`, value: Buffer.from(merged.join('\n')) }])
  }
}

function isMultiaddr(text: string): boolean {
  try {
    multiaddr(text)
    return true
  } catch {
    return false
  }
}
