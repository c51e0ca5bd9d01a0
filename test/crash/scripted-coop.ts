import { AUTHORITY, admissionMessage, encodeAuthorityEntries, inviteSigner } from '#protocol/authority'
import { CATALOGUE, encodeCatalogueEntries } from '#protocol/catalogue'
import type { CatalogueEntry } from '#protocol/catalogue'
import { signCommit } from '#protocol/commit'
import type { CommitRecord, Section } from '#protocol/commit'
import { foundCoop } from '#protocol/coop'
import type { Replica } from '#protocol/replica'
import { compareBytes, toHex } from '#protocol/encoding'
import { certifyDevice } from '#protocol/identity'
import type { Crypto, Signer } from '#protocol/identity'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { seededRandom } from '#simulations/mesh'

/** Time of every scripted commit, ms; only the commits of the device under test carry the real time. */
const SCRIPT_MS = 1_700_000_000_000
/** Every so many commits of another device one is large, so that a batch can fill several pages of the log. */
const LARGE_EVERY = 37

/** A co-op that one seed fixes to the byte, so that a folder that lost everything can be founded as before. */
export interface ScriptedCoop {
  seed: number
  crypto: Crypto
  coop: Uint8Array
  /** Key of the device under test, which founded the co-op. */
  signer: Signer
  /** Its first commits: founding, invites, admissions. */
  prelude: readonly CommitRecord[]
  /** Two more devices; what they write is brought in batches. */
  others: readonly [Signer, Signer]
}

/** A place in a chain. */
export interface ChainHead {
  seq: number
  /** Commit id. */
  id: Uint8Array
}

/** The co-op of a seed. */
export function scriptedCoop(seed: number): ScriptedCoop {
  const crypto = nodeCrypto()
  const random = seededRandom(seed)
  const signer = nodeSigner(random.bytes(32))
  const names = { name: 'North Market', memberName: 'Ada', deviceName: 'nas' }
  const keys = { kit: nodeSigner(random.bytes(32)), device: signer }
  const founding = foundCoop({ ...names, ...keys, nonce: random.bytes(16), nowMs: SCRIPT_MS }, crypto)
  if (!founding.ok) throw new Error(founding.detail)
  const { replica, coop } = founding
  const prelude = founding.stored.map((it) => it.record)
  const others: [Signer, Signer] = [nodeSigner(random.bytes(32)), nodeSigner(random.bytes(32))]
  for (const device of others) {
    const secrets = { invite: random.bytes(16), kit: random.bytes(32) }
    for (const section of admission(device, secrets, { coop, crypto }))
      prelude.push(...authored(replica, section))
  }
  return { seed, crypto, coop, signer, prelude, others }
}

/** What the other devices write: equal for equal seeds, from wherever their chains stand. */
export class OtherDevices {
  readonly #coop: ScriptedCoop
  readonly #heads: (ChainHead | null)[]

  /** `heads` holds the last commit of each chain (device key in hex) that is stored already. */
  constructor(coop: ScriptedCoop, heads: ReadonlyMap<string, ChainHead>) {
    this.#coop = coop
    this.#heads = coop.others.map((it) => heads.get(toHex(it.publicKey)) ?? null)
  }

  /** The next `count` commits; the two devices take turns and acknowledge each other. */
  next(count: number): CommitRecord[] {
    return Array.from({ length: count }, () => this.#one())
  }

  #one(): CommitRecord {
    const [first, second] = this.#heads
    const turn = (first?.seq ?? -1) <= (second?.seq ?? -1) ? 0 : 1
    const { coop, crypto, others, prelude } = this.#coop
    const signer = others[turn]
    if (signer === undefined) throw new Error('there are two other devices')
    const own = this.#heads[turn] ?? null
    const seq = (own?.seq ?? -1) + 1
    const other = others[1 - turn]
    const heard = this.#heads[1 - turn] ?? null
    const seen = heard === null || other === undefined ? [] : [{ device: other.publicKey, ...heard }]
    const admitted = prelude.at(-1)
    if (own === null && admitted !== undefined) {
      seen.push({ device: this.#coop.signer.publicKey, seq: admitted.header.seq, id: admitted.id })
    }
    seen.sort((a, b) => compareBytes(a.device, b.device))
    const draft = { coop, device: signer.publicKey, seq, prev: own?.id ?? null, epoch: coop, seen }
    const sections = [otherSection(turn, seq, crypto)]
    const record = signCommit({ ...draft, timeMs: SCRIPT_MS + seq }, sections, {
      signer,
      sha256: crypto.sha256,
    })
    this.#heads[turn] = { seq, id: record.id }
    return record
  }
}

/** A catalogue section that lists `count` assets whose names start with `name`. */
export function listing(name: string, count: number, crypto: Crypto): Section {
  const entries = Array.from({ length: count }, (_, i): CatalogueEntry => {
    const text = `${name} ${i}`
    const cid = Uint8Array.of(1, 0x55, 0x12, 0x20, ...crypto.sha256(Buffer.from(text)))
    return { t: 'list', cid, name: count > 1 ? text.padEnd(255, '.') : text, sizeBytes: i, kind: 'file' }
  })
  return { document: CATALOGUE, entries: count, payload: encodeCatalogueEntries(entries) }
}

function otherSection(device: number, seq: number, crypto: Crypto): Section {
  return listing(`photo ${device} ${seq}`, seq % LARGE_EVERY === LARGE_EVERY - 1 ? 150 : 1, crypto)
}

function authored(replica: Replica, section: Section): CommitRecord[] {
  const result = replica.author([section], SCRIPT_MS)
  if (!result.ok) throw new Error(result.detail)
  return result.stored.map((it) => it.record)
}

function admission(
  device: Signer,
  secrets: { invite: Uint8Array; kit: Uint8Array },
  parts: { coop: Uint8Array; crypto: Crypto },
): Section[] {
  const { coop, crypto } = parts
  const invite = inviteSigner(secrets.invite, crypto.sha256)
  const kit = nodeSigner(secrets.kit)
  const claim = {
    ...{ invite: invite.publicKey, device: device.publicKey, kit: kit.publicKey },
    ...{ memberName: 'Bo', deviceName: 'box' },
  }
  const certificate = certifyDevice(kit, coop, device.publicKey)
  const proof = invite.sign(admissionMessage(coop, claim, crypto.sha256))
  const open = { t: 'invite', key: invite.publicKey, role: 'member', uses: 1 } as const
  return [
    encodeAuthorityEntries([{ ...open, expiresMs: SCRIPT_MS + 1 }]),
    encodeAuthorityEntries([{ t: 'admit', ...claim, certificate, proof }]),
  ].map((payload) => ({ document: AUTHORITY, entries: 1, payload }))
}
