import type { CommitRecord } from '#protocol/commit'
import { foundCoop, openReplica } from '#protocol/coop'
import type { Signer } from '#protocol/identity'
import type { Replica, TakenCommit } from '#protocol/replica'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { seededRandom } from '#simulations/mesh'
import { simCrypto } from '#simulations/peers'
import { admitSection, inviteSection, must } from './coop-actors.ts'

/** Each signature is checked once for all devices. */
const { crypto, rule } = simCrypto({
  mode: 'real',
  sha256: nodeCrypto().sha256,
  key: new Uint8Array(32),
  port: { verify: nodeCrypto().verify, signer: nodeSigner },
})

/** The co-op that many histories begin with: the founder's device has admitted the others. */
export class Cast {
  /** Of all devices, the founder's first. */
  readonly signers: readonly Signer[]
  /** What all of them know. */
  readonly log: readonly CommitRecord[]
  readonly #coop: Uint8Array

  constructor(devices: number) {
    const random = seededRandom(1)
    const device = nodeSigner(random.bytes(32))
    const founding = must(
      foundCoop(
        {
          ...{ name: 'North Market', memberName: 'Ada', deviceName: 'nas', nowMs: 0, slots: devices },
          ...{ kit: nodeSigner(random.bytes(32)), nonce: random.bytes(16), device, rule },
        },
        crypto,
      ),
    )
    const { coop, replica } = founding
    const stored: TakenCommit[] = [...founding.stored]
    const others = Array.from({ length: devices - 1 }, () => {
      const signer = nodeSigner(random.bytes(32))
      const secret = random.bytes(16)
      const tools = { crypto, random, secret }
      for (const section of [inviteSection(secret, 'venue', crypto), admitSection(coop, signer, tools)])
        stored.push(...must(replica.author([section], 1_000)).stored)
      return signer
    })
    this.#coop = coop
    this.signers = [device, ...others]
    this.log = stored.map((it) => it.record)
  }

  /** An empty replica of a device. */
  replicaOf(signer: Signer): Replica {
    return openReplica({ coop: this.#coop, crypto, signer, rule })
  }
}
