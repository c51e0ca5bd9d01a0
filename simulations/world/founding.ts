import { actSection } from '#protocol/authority'
import type { Change } from '#protocol/authority'
import type { CommitRecord, Section } from '#protocol/commit'
import { foundCoop } from '#protocol/coop'
import type { Signer } from '#protocol/identity'
import { BallotTurns } from '#protocol/replica'
import type { Replica } from '#protocol/replica'
import type { RandomStreams } from '../kernel/index.ts'
import { EPOCH_MS, admitSection, inviteSection } from '../peers/index.ts'
import type { SimCrypto } from '../peers/index.ts'
import type { Roles } from './roles.ts'
import type { AuthorityConfig, WorldConfig } from './world-config.ts'

/** Acts of the founder's keeper before its first seal must stand: two. */
const FOUNDING_ACTS_MAX = 8
/** Admissions that a device may make from the start. */
const SLOTS = 8

/** A co-op at its beginning: its id, and what its founder has written. */
export interface Founded {
  readonly coop: Uint8Array
  readonly founded: CommitRecord[]
}

/** What founding takes. */
export interface FoundingParts {
  readonly random: RandomStreams
  readonly crypto: SimCrypto
  /** By place; null: a reader. */
  readonly signers: readonly (Signer | null)[]
  readonly roles: Roles
  readonly admitted: Set<number>
  /** Recovery keys by place: filled with those of who founded, or is to be admitted. */
  readonly kits: Map<number, Signer>
}

/**
 * Founds the co-op of a world; where all are admitted from the start, the founder admits them, and where there are
 * stewards it makes them. Fills `admitted`.
 */
export function found(config: WorldConfig, parts: FoundingParts): Founded {
  const { crypto, signers, admitted, roles } = parts
  const founder = roles.members[0] ?? 0
  const device = signers[founder]
  if (device === null || device === undefined) throw new RangeError('a world has a member at least')
  const random = parts.random.stream('founding')
  const kit = crypto.signer(random.bytes(32))
  parts.kits.set(founder, kit)
  const founding = foundCoop(
    {
      ...{ name: 'North Market', memberName: 'Ada', deviceName: 'nas', device },
      ...{ kit, nonce: random.bytes(16), nowMs: EPOCH_MS },
      ...{ slots: signers.length, rule: crypto.rule },
    },
    crypto.crypto,
  )
  if (!founding.ok) throw new Error(founding.refusal)
  const founded = founding.stored.map((it) => it.record)
  if (config.isPreloaded || config.authority !== undefined) {
    const { replica, coop } = founding
    const late = new Set(roles.joiners)
    for (const [place, signer] of signers.entries()) {
      if (place === founder || signer === null || late.has(place)) continue
      for (const section of admission(coop, place, { ...parts, signer }))
        founded.push(...write(replica, section))
      admitted.add(place)
    }
    if (config.authority !== undefined) founded.push(...constitute(config.authority, replica, parts))
  }
  admitted.add(founder)
  return { coop: founding.coop, founded }
}

/** The two sections that admit the device of a place: an invite, and the admission with it. */
export function admission(
  coop: Uint8Array,
  place: number,
  parts: Pick<FoundingParts, 'random' | 'crypto' | 'kits'> & { signer: Signer },
): [Section, Section] {
  const { signer, random, crypto, kits } = parts
  const stream = random.stream('admission', place)
  const invite = crypto.signer(stream.bytes(32))
  const kit = crypto.signer(stream.bytes(32))
  kits.set(place, kit)
  const keys = { invite, kit, device: signer.publicKey, name: `Bo ${place}` }
  return [inviteSection(invite.publicKey), admitSection(coop, keys, crypto.crypto.sha256)]
}

/** Places of the stewards of the start: forkers who sign twice, and members. */
export function stewardsOf({ stewards, doubleSigners }: AuthorityConfig, roles: Roles): number[] {
  const rogues = roles.forkers.slice(0, doubleSigners)
  return [...roles.members.slice(0, stewards - rogues.length), ...rogues]
}

/** Places of the stewards who withhold a signature: never the founder. */
export function withholdersOf(
  { stewards, doubleSigners, withholders = 0 }: AuthorityConfig,
  roles: Roles,
): Set<number> {
  const members = roles.members.slice(1, stewards - doubleSigners)
  return new Set(members.slice(Math.max(0, members.length - withholders)))
}

/** The first seal: who are stewards, by which rules, and whose devices may admit. */
function constitute(config: AuthorityConfig, replica: Replica, parts: FoundingParts): CommitRecord[] {
  const { roles, signers, kits } = parts
  const [founder] = roles.members
  const deviceAt = (place: number): Uint8Array => signers[place]?.publicKey ?? NOBODY
  const all = stewardsOf(config, roles)
  if (all.length !== config.stewards || roles.forkers.length < config.doubleSigners) {
    const [members, forkers] = [roles.members.length, roles.forkers.length]
    throw new RangeError(`${config.stewards} stewards, of ${members} members and ${forkers} forkers`)
  }
  const stewards = all.filter((place) => place !== founder)
  const admitters = roles.members.slice(1, config.admitters)
  const changes: Change[] = [
    { kind: 'rules', quorum: config.quorum, recovery: config.recovery },
    ...stewards.map((place): Change => {
      const member = kits.get(place)?.publicKey ?? NOBODY
      return { kind: 'steward', member, device: deviceAt(place) }
    }),
    ...admitters.map((place): Change => ({ kind: 'slots', device: deviceAt(place), count: SLOTS })),
  ]
  const asked = write(replica, actSection({ t: 'propose', changes, reason: 'founding' }))
  const proposal = asked.at(-1)?.id ?? NOBODY
  const written = [...asked, ...write(replica, actSection({ t: 'approve', proposal }))]
  const turns = new BallotTurns(replica)
  for (let acts = 0; acts < FOUNDING_ACTS_MAX && replica.authority.epochs.tip.parent === null; acts += 1) {
    const { act } = turns.next(new Set(), EPOCH_MS)
    if (act !== null) written.push(...write(replica, actSection(act)))
  }
  if (replica.authority.epochs.tip.parent === null) throw new RangeError('the first stewards do not fit')
  return written
}

function write(replica: Replica, section: Section): CommitRecord[] {
  const written = replica.author([section], EPOCH_MS)
  if (!written.ok) throw new RangeError(`the founder cannot write: ${written.detail}`)
  return written.stored.map((it) => it.record)
}

const NOBODY: Uint8Array = new Uint8Array(32)
