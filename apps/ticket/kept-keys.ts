import { sha256 } from '@noble/hashes/sha2.js'
import { portableSigner } from '#protocol/identity'
import { blindHolderOf, decodeTicket } from '#protocol/tickets'
import { keepValue, keptValue } from '#apps/page'
import type { LinkedTicket } from './ticket-link.ts'

/** Where the keys of this phone are kept: public key and seed of each, hex. */
const KEYS = 'holder-keys'
/** Keys that are kept, the newest. A guess: the tickets of some years. */
const KEYS_MAX = 64
const SEED_BYTES = 32

/** What a phone with this seed gives the seller: its key and the hash of the seat that it keeps to itself. */
export function holderOf(seed: Uint8Array): Uint8Array {
  return blindHolderOf(portableSigner(seed), sha256)
}

/** A new key, for one ticket: of tickets with one key everybody could tell that they are of one phone. */
export function makeSeed(): Uint8Array {
  const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES))
  keepValue(KEYS, [hexOf(keyOf(seed)) + hexOf(seed), ...kept()].slice(0, KEYS_MAX))
  return seed
}

/** A link without a key, with the one that this phone has for its ticket, if it has it. */
export function withKeptSeed(linked: LinkedTicket): LinkedTicket {
  if (linked.seed !== null) return linked
  const read = decodeTicket(linked.ticket)
  const holder = read.ok ? read.decoded.ticket.holder : null
  if (holder === null) return linked
  const known = kept().find((it) => it.startsWith(hexOf(holder)))
  return known === undefined ? linked : { ...linked, seed: bytesOf(known.slice(2 * SEED_BYTES)) }
}

/** True for a ticket that only the phone with its key can show. */
export function isBound({ ticket }: LinkedTicket): boolean {
  const read = decodeTicket(ticket)
  return read.ok && read.decoded.ticket.holder !== null
}

function keyOf(seed: Uint8Array): Uint8Array {
  return portableSigner(seed).publicKey
}

function kept(): string[] {
  const value = keptValue(KEYS)
  if (!Array.isArray(value)) return []
  return value.filter((it): it is string => typeof it === 'string' && /^[0-9a-f]{128}$/.test(it))
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (it) => it.toString(16).padStart(2, '0')).join('')
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (it) => Number.parseInt(it, 16))
}
