import { actSection, admissionMessage, inviteSigner } from '#protocol/authority'
import type { AdmitEntry } from '#protocol/authority'
import type { Section } from '#protocol/commit'
import { foundCoop, openReplica } from '#protocol/coop'
import type { Role } from '#protocol/document'
import { certifyDevice } from '#protocol/identity'
import type { Crypto, Signer } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { MemoryMesh, seededRandom } from '#simulations/mesh'
import type { MemoryNode, SeededRandom } from '#simulations/mesh'

export { listSection } from '#simulations/peers'

/** A co-op in memory whose founder invites as many devices as a test needs. */
export interface TestCoop {
  crypto: Crypto
  random: SeededRandom
  mesh: MemoryMesh
  coop: Uint8Array
  founder: MemoryNode
  founderSigner: Signer
  /** Admits a device on the founder's chain; the new node knows nothing yet. */
  admit(role: Role): MemoryNode & { signer: Signer }
}

/** Founds a co-op; equal seeds give equal keys and schedules. */
export function testCoop(seed: number): TestCoop {
  const crypto = nodeCrypto()
  const random = seededRandom(seed)
  const mesh = new MemoryMesh(crypto, random)
  const kit = nodeSigner(random.bytes(32))
  const founderSigner = nodeSigner(random.bytes(32))
  const founding = foundCoop(
    {
      name: 'North Market',
      memberName: 'Ada',
      deviceName: 'nas',
      kit,
      device: founderSigner,
      nonce: random.bytes(16),
      nowMs: mesh.nowMs,
    },
    crypto,
  )
  if (!founding.ok) throw new Error(founding.refusal)
  const founder = mesh.add(founding.replica)
  founder.write(founding.stored)
  const { coop } = founding
  const admit = (role: Role): MemoryNode & { signer: Signer } => {
    const signer = nodeSigner(random.bytes(32))
    const secret = random.bytes(16)
    must(founder.author([inviteSection(secret, role, crypto)]))
    must(founder.author([admitSection(coop, signer, { crypto, random, secret })]))
    return Object.assign(mesh.add(openReplica({ coop, crypto, signer })), { signer })
  }
  return { crypto, random, mesh, coop, founder, founderSigner, admit }
}

/** State hashes of all documents of a replica, in hex, by id. */
export function stateHashes(replica: Replica): Record<string, string> {
  return Object.fromEntries(
    replica
      .documentIds()
      .map((id) => [id, Buffer.from(replica.document(id)?.stateHash() ?? []).toString('hex')]),
  )
}

/** Throws what a refused write said. */
export function must<T extends { ok: boolean }>(result: T): T & { ok: true } {
  if (!result.ok) throw new Error(JSON.stringify(result))
  return result as T & { ok: true }
}

/** Section that opens an invite with this secret. */
export function inviteSection(secret: Uint8Array, role: Role, crypto: Crypto, uses = 1): Section {
  const key = inviteSigner(secret, crypto.sha256).publicKey
  return actSection({ t: 'invite', key, role, uses, expiresMs: 2_000_000_000_000 })
}

/** Section that admits a device with the invite of this secret, under a kit of its own. */
export function admitSection(
  coop: Uint8Array,
  signer: Signer,
  tools: { crypto: Crypto; random: SeededRandom; secret: Uint8Array },
): Section {
  const { sha256 } = tools.crypto
  const kit = nodeSigner(tools.random.bytes(32))
  const invite = inviteSigner(tools.secret, sha256)
  const claim = {
    invite: invite.publicKey,
    device: signer.publicKey,
    kit: kit.publicKey,
    memberName: 'Bo',
    deviceName: 'box',
  }
  const entry: AdmitEntry = {
    t: 'admit',
    ...claim,
    certificate: certifyDevice(kit, coop, signer.publicKey),
    proof: invite.sign(admissionMessage(coop, claim, sha256)),
  }
  return actSection(entry)
}
