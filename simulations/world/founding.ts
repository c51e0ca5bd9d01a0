import type { CommitRecord, Section } from '#protocol/commit'
import { foundCoop } from '#protocol/coop'
import type { Signer } from '#protocol/identity'
import type { RandomStreams } from '../kernel/index.ts'
import { EPOCH_MS, admitSection, inviteSection } from '../peers/index.ts'
import type { SimCrypto } from '../peers/index.ts'
import type { WorldConfig } from './world-config.ts'

/** A co-op at its beginning: its id, and what its founder has written. */
export interface Founded {
  readonly coop: Uint8Array
  readonly founded: CommitRecord[]
}

/** Founds the co-op of a world; where all are admitted from the start, the founder admits them. Fills `admitted`. */
export function found(
  config: WorldConfig,
  parts: {
    readonly random: RandomStreams
    readonly crypto: SimCrypto
    /** By place; null: a reader. */
    readonly signers: readonly (Signer | null)[]
    readonly founder: number
    readonly admitted: Set<number>
  },
): Founded {
  const { crypto, signers, founder, admitted } = parts
  const device = signers[founder]
  if (device === null || device === undefined) throw new RangeError('a world has a member at least')
  const random = parts.random.stream('founding')
  const founding = foundCoop(
    {
      ...{ name: 'North Market', memberName: 'Ada', deviceName: 'nas', device },
      ...{ kit: crypto.signer(random.bytes(32)), nonce: random.bytes(16), nowMs: EPOCH_MS },
      ...{ slots: signers.length, rule: crypto.rule },
    },
    crypto.crypto,
  )
  if (!founding.ok) throw new Error(founding.refusal)
  const founded = founding.stored.map((it) => it.record)
  if (config.isPreloaded) {
    for (const [place, signer] of signers.entries()) {
      if (place === founder || signer === null) continue
      for (const section of admission(founding.coop, place, { signer, random: parts.random, crypto })) {
        const written = founding.replica.author([section], EPOCH_MS)
        if (!written.ok) throw new Error(written.refusal)
        founded.push(...written.stored.map((it) => it.record))
      }
      admitted.add(place)
    }
  }
  admitted.add(founder)
  return { coop: founding.coop, founded }
}

/** The two sections that admit the device of a place: an invite, and the admission with it. */
export function admission(
  coop: Uint8Array,
  place: number,
  { signer, random, crypto }: { signer: Signer; random: RandomStreams; crypto: SimCrypto },
): [Section, Section] {
  const stream = random.stream('admission', place)
  const invite = crypto.signer(stream.bytes(32))
  const kit = crypto.signer(stream.bytes(32))
  const keys = { invite, kit, device: signer.publicKey, name: `Bo ${place}` }
  return [inviteSection(invite.publicKey), admitSection(coop, keys, crypto.crypto.sha256)]
}
