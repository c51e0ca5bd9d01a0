import { fromHex } from '#protocol/encoding'
import type { Engine } from '#node/engine'
import { shownTime } from './shown-time.ts'
import { electorObstacle } from './recovery-view.ts'
import { RecoveryTally } from './recovery-tally.ts'
import { RosterNames } from './roster-names.ts'
import type { DeviceName, MemberName } from './roster-names.ts'

/** A member's kit: what it can do now. */
export interface KitView extends MemberName {
  /** The key that stands on the kit, hex: the member's. */
  member: string
  isSteward: boolean
  /** Device that signs for the member, a steward; null for none. */
  signs: (DeviceName & { status: string; lastCommitAtMs: number | null }) | null
  /** Open devices of the member: active or suspended. */
  devices: number
  /** True when the member has a voice in a recovery. */
  isElector: boolean
  /** Why it has none, in words; null when it has one. */
  why: string | null
}

/** How many of those who must agree may be lost. */
export interface RoomView {
  count: number
  quorum: number
  /** Losses until nothing can be decided; 0 when the next loss is one too many, negative when it is so already. */
  room: number
}

/** Kits of the members, and how far the co-op is from not being able to decide, and from not being able to recover. */
export interface KitsView {
  members: KitView[]
  /** Of the stewards those count as there whose device is active. */
  stewards: RoomView & { active: number }
  recovery: RoomView & { rule: 'member-quorum' | 'kits' }
}

/** Kits of the members, and how far the co-op is from not being able to decide, and from not being able to recover. */
export async function kitsView(engine: Engine): Promise<KitsView> {
  const { replica } = engine
  const { authority } = replica
  const { tip } = authority.epochs
  const names = new RosterNames(authority)
  const tally = new RecoveryTally(replica)
  const members: KitView[] = []
  for (const member of new Set([...authority.devices.values()].map((it) => it.member))) {
    const own = authority.devicesOf(member)
    const devices = own.filter((it) => ['active', 'suspended'].includes(authority.statusOf(it) ?? '')).length
    const signer = tip.stewards.get(member)
    // A removed member's kit opens nothing any more.
    if (devices === 0 && signer === undefined && !tally.electors.has(member)) continue
    const isElector = tally.electors.has(member)
    members.push({
      ...names.member(member),
      isSteward: signer !== undefined,
      signs:
        signer === undefined
          ? null
          : {
              ...names.device(signer),
              status: authority.statusOf(signer) ?? 'unknown',
              lastCommitAtMs: await lastCommitAt(engine, signer),
            },
      devices,
      isElector,
      why: isElector ? null : electorObstacle(authority, member),
    })
  }
  const active = [...tip.signers.keys()].filter((it) => authority.statusOf(it) === 'active').length
  const electors = tally.electors.size
  return {
    members: members.sort((a, b) => (a.member < b.member ? -1 : 1)),
    stewards: { count: tip.stewards.size, quorum: tip.quorum, active, room: active - tip.quorum },
    recovery: {
      ...{ rule: tip.rules.recovery, count: electors, quorum: tally.quorum },
      room: electors - tally.quorum,
    },
  }
}

/** When a device (hex) wrote its last commit that is here, by its own clock; null for none, or when it cannot be read. */
async function lastCommitAt(engine: Engine, device: string): Promise<number | null> {
  const { history } = engine.replica
  const number = history.findDevice(fromHex(device) ?? new Uint8Array(32))
  const last = number < 0 ? -1 : Math.max(-1, ...history.endsOf(number))
  const [record] = last < 0 ? [] : await engine.read([last])
  return record === undefined ? null : shownTime(record.header.timeMs)
}
