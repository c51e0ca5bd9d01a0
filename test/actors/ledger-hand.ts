import type { Section } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import { LEDGER, encodeLedgerEntries, unitIdOf } from '#protocol/ledger'
import type { LedgerEntry, LedgerState, MoveName, UnitDefinition } from '#protocol/ledger'
import type { Replica } from '#protocol/replica'
import { nodeCrypto } from '#node/crypto'

const crypto = nodeCrypto()

/** A section of the ledger with these entries. */
export function ledgerSection(...entries: LedgerEntry[]): Section {
  return { document: LEDGER, entries: entries.length, payload: encodeLedgerEntries(entries) }
}

/** The ledger of a replica. */
export function ledgerOf(replica: Replica): LedgerState {
  return replica.document(LEDGER) as LedgerState
}

/** A definition with what a test leaves out. */
export function unitOf(part: Partial<UnitDefinition> = {}): UnitDefinition {
  return {
    ...{ code: 'POSTER', kind: 'stock', scale: 0, name: 'Poster A2', supply: 1_000_000n },
    ...{ relayMax: null, expiresMs: null, nonce: new Uint8Array(16) },
    ...part,
  }
}

/** Id of the unit that a device (key) defines so. */
export function idOf(device: Uint8Array, unit: UnitDefinition): string {
  return unitIdOf(device, unit, crypto.sha256)
}

/** A move of an amount. */
export function move(t: MoveName, unit: string, amount: bigint | number): LedgerEntry {
  return { t, unit, amount: BigInt(amount) }
}

/** A transfer of an amount to a device (key). */
export function hand(to: Uint8Array, unit: string, amount: bigint | number): LedgerEntry {
  return { t: 'transfer', to, unit, amount: BigInt(amount) }
}

/** What the books say that a device (key) has on the held account. */
export function heldBy(replica: Replica, device: Uint8Array, unit: string): bigint {
  return ledgerOf(replica).books.holding(toHex(device), unit)
}
