import { FOUNDING_SLOTS, authorityKind, actSection, encodeGenesis } from '../authority/index.ts'
import { boardKind } from '../board/index.ts'
import { catalogueKind } from '../catalogue/index.ts'
import { eventKind } from '../event/index.ts'
import { ledgerKind } from '../ledger/index.ts'
import { DocumentRegistry } from '../document/index.ts'
import type { DocumentKind } from '../document/index.ts'
import { FOUNDING_SCOPE, certifyDevice } from '../identity/index.ts'
import type { Crypto, SignatureRule, Signer } from '../identity/index.ts'
import { Replica } from '../replica/index.ts'
import type { ReplicaInit, TakenCommit } from '../replica/index.ts'

/** Every kind of document that a co-op has today. A later kind is added here and nowhere else. */
export const COOP_KINDS: readonly DocumentKind[] = [
  authorityKind,
  catalogueKind,
  boardKind,
  ledgerKind,
  eventKind,
]

/** A replica with all kinds of documents. */
export function openReplica(init: Omit<ReplicaInit, 'registry'>): Replica {
  return new Replica({ ...init, registry: new DocumentRegistry(COOP_KINDS) })
}

/** What founding a co-op takes. */
export interface Founding {
  name: string
  memberName: string
  deviceName: string
  /** The founding member's recovery key. */
  kit: Signer
  device: Signer
  /** 16 random bytes. */
  nonce: Uint8Array
  nowMs: number
  /** Admissions that the founding device holds; default `FOUNDING_SLOTS`. */
  slots?: number
  /** As of `ReplicaInit`. */
  rule?: SignatureRule
}

/** A founded co-op: its genesis record and the commit that the host must write first. */
export type FoundingResult =
  | { ok: true; coop: Uint8Array; genesis: Uint8Array; replica: Replica; stored: TakenCommit[] }
  | { ok: false; refusal: string; detail: string }

/** Founds a co-op on this device, offline. */
export function foundCoop(founding: Founding, crypto: Crypto): FoundingResult {
  const { name, memberName, deviceName, kit, device, nonce, nowMs, slots = FOUNDING_SLOTS } = founding
  const genesis = encodeGenesis({
    name,
    kit: kit.publicKey,
    device: device.publicKey,
    memberName,
    deviceName,
    quorum: 'two-thirds',
    recovery: 'member-quorum',
    slots,
    nonce,
    timeMs: nowMs,
  })
  const coop = crypto.sha256(genesis)
  const rule = founding.rule === undefined ? {} : { rule: founding.rule }
  const replica = openReplica({ coop, crypto, signer: device, ...rule })
  const certificate = certifyDevice(kit, FOUNDING_SCOPE, device.publicKey)
  const written = replica.author([actSection({ t: 'genesis', record: genesis, certificate })], nowMs)
  return written.ok ? { ok: true, coop, genesis, replica, stored: written.stored } : written
}
